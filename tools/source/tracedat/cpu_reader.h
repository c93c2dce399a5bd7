// SPDX-License-Identifier: GPL-2.0-or-later
// The events of one CPU of a trace.dat, in the order of its buffer and in bounded memory.
#pragma once

#include <optional>
#include <vector>

#include "kdump/format/unpack.h"
#include "source/tracedat/head.h"

namespace whydrop::tracedat {

class CpuReader {
  public:
    // All are to live as long.
    CpuReader(const Input &input, const Head &head, const Buffer &buffer, const CpuData &data)
        : input_(input), head_(head), buffer_(buffer), data_(data) {}

    // The next event; nothing: the end. Valid until the next call.
    [[nodiscard]] bool next();
    [[nodiscard]] const RawPage::Record &event() const { return event_; }

    [[nodiscard]] const Buffer &buffer() const { return buffer_; }
    [[nodiscard]] uint32_t cpu() const { return data_.cpu; }
    [[nodiscard]] uint64_t bytes_read() const { return at_; }

    struct Lost {
        uint64_t records = 0;        // overwritten, as pages say
        uint64_t unknown_times = 0;  // so often pages say so without a number
        uint64_t pages = 0;          // damaged
        uint64_t bytes = 0;          // cut off or damaged, of packed data
    };
    [[nodiscard]] const Lost &lost() const { return lost_; }

  private:
    bool next_page();
    bool fill();
    bool fill_packed();

    const Input &input_;
    const Head &head_;
    const Buffer &buffer_;
    const CpuData &data_;
    kdump::Unpacker unpacker_;
    std::vector<uint8_t> window_, packed_;
    size_t in_window_ = 0;            // of the next page
    uint64_t at_ = 0;                 // bytes of the data that were read
    std::optional<uint32_t> chunks_;  // of packed data, still to be read
    std::optional<RawPage> page_;
    RawPage::Record event_;
    Lost lost_;
};

}  // namespace whydrop::tracedat
