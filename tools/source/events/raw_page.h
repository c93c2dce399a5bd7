// SPDX-License-Identifier: GPL-2.0-or-later
// A page of a trace buffer, as per_cpu/cpuN/trace_pipe_raw gives it (include/linux/ring_buffer.h,
// kernel/trace/ring_buffer.c): a time, how much of it is used, then records one behind the other.
// Ours, as libtraceevent's kbuffer trusts the lengths that are in a page; a test compares the two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/event_format.h"

namespace whydrop {

// Where things are in a page: events/header_page, read as a format.
struct RawPageLayout {
    uint32_t commit_size = 8;
    uint32_t data_offset = 16;

    // Nothing: the format has no such fields.
    static std::optional<RawPageLayout> of(const EventFormat &header_page);
};

class RawPage {
  public:
    // `page`: as long as what was read, and there as long as this. A page that is not one is
    // damaged and has no records.
    RawPage(std::span<const std::byte> page, const RawPageLayout &layout);

    struct Record {
        std::span<const std::byte> data;
        uint64_t time = 0;  // of the trace's clock
    };
    // Nothing: the end, or damaged().
    std::optional<Record> next();

    // A length in it points out of it: what follows is not read.
    [[nodiscard]] bool damaged() const { return damaged_; }
    // Records were overwritten before this page.
    [[nodiscard]] bool missed() const { return missed_; }
    // So many; nothing: the kernel had no room to say.
    [[nodiscard]] std::optional<uint64_t> missed_records() const { return missed_records_; }

  private:
    std::optional<Record> cut();
    [[nodiscard]] uint32_t word(size_t at) const;
    std::optional<Record> take(size_t head, size_t length);

    std::span<const std::byte> data_;
    size_t at_ = 0;
    uint64_t time_ = 0;
    bool damaged_ = false, missed_ = false;
    std::optional<uint64_t> missed_records_;
};

}  // namespace whydrop
