// SPDX-License-Identifier: GPL-2.0-or-later
// --pcapng FILE: the packets that are shown or sampled, for Wireshark and its kin; why each was
// lost is its comment.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "render/pcapng.h"
#include "render/record_file.h"
#include "render/sink.h"

namespace whydrop {

struct CaptureOptions {
    std::string path;           // "-": stdout; empty: no capture
    uint64_t rotate_bytes = 0;  // -C: a file that is larger is followed by another; 0: one file
    unsigned files = 0;         // -W: then the first is written over; 0: any number
    std::string filter;         // pcap-filter(7), to be noted in the file
};

// The file number `index`, counted from 0, as tcpdump's -C and -W name them.
std::string capture_name(const CaptureOptions &options, unsigned index);

class PcapngSink : public Sink {
  public:
    explicit PcapngSink(CaptureOptions options) : options_(std::move(options)) {}

    [[nodiscard]] Wants wants() const override {
        return {.records = true, .samples = true, .causes = true};
    }
    Status begin(const Session &session) override;
    Status record(const DropRecord &drop) override { return add(drop); }
    Status sample(const DropRecord &drop) override { return add(drop); }
    Status flush() override { return file_->flush(); }
    Status interval(const Report &) override { return file_->flush(); }
    [[nodiscard]] Losses losses() const override;
    Status end(const Report &report, const Losses &losses) override;
    [[nodiscard]] bool closed() const override { return file_ && file_->closed(); }

  private:
    struct Interface {
        uint32_t number = 0;
        uint64_t packets = 0;
    };
    struct Key {
        uint32_t netns = 0, ifindex = 0;
        PcapngLink link = PcapngLink::ethernet;
        auto operator<=>(const Key &) const = default;
    };

    Status begin_file(RecordFile file);
    Status rotate();
    Status add(const DropRecord &drop);
    Interface &interface_of(const DropRecord &drop, std::string &block);
    Status finish_file(const std::string &comment);
    [[nodiscard]] uint64_t unix_ns(uint64_t time_ns) const;

    CaptureOptions options_;
    Session session_;
    std::optional<RecordFile> file_;
    std::map<Key, Interface> interfaces_;  // of this file
    unsigned index_ = 0;
    uint64_t packets_ = 0;  // of all files
    uint64_t last_ns_ = 0;
};

}  // namespace whydrop
