// SPDX-License-Identifier: GPL-2.0-or-later
// The events of a trace.dat of trace-cmd.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/session.h"
#include "model/trace_event.h"
#include "source/tracedat/cpu_reader.h"
#include "source/tracedat/file_names.h"

namespace whydrop {

// By its first bytes; false also for what cannot be opened.
bool is_trace_file(const std::string &path);

// Called for each event with the buffer it was in. False: no more are wanted.
using EachRecorded = std::function<bool(const TraceEventView &, const tracedat::Buffer &)>;

class TraceDat {
  public:
    // Errors: as read_head(), and Input::open().
    static Result<std::unique_ptr<TraceDat>> open(const std::string &path);

    [[nodiscard]] const tracedat::Head &head() const { return head_; }
    tracedat::FileNames &names() { return names_; }

    struct Kind {
        std::string system, name;
        const EventFormat *format = nullptr;
        const std::string *text = nullptr;  // its format file
        [[nodiscard]] std::string full_name() const { return system + ":" + name; }
    };
    // Nothing: the file has no event of that number, or its format cannot be read.
    const Kind *kind(uint16_t id);
    // "skb:kfree_skb", or "kfree_skb" where it is clear.
    const Kind *kind(const std::string &name);

    // All events; in the order of time, or the faster way, CPU by CPU, each event then with its
    // stack where one was recorded. `progress`: how many bytes are read, now and then.
    void read_by_time(const EachRecorded &each, const std::function<void(uint64_t)> &progress);
    void read_by_cpu(const EachRecorded &each, const std::function<void(uint64_t)> &progress);

    // What was not in the file or could not be read: complete when all was read.
    [[nodiscard]] Losses losses() const;
    [[nodiscard]] Session session() const;
    // Where the times of the first and the last event lie; to be asked after reading.
    [[nodiscard]] uint64_t first_ns() const { return first_ns_; }
    [[nodiscard]] uint64_t last_ns() const { return last_ns_; }
    // Of the first event of all, by looking at the beginning of each CPU's.
    [[nodiscard]] uint64_t begin_ns();

  private:
    TraceDat(tracedat::Input input, tracedat::Head head);
    bool view(const tracedat::CpuReader &reader, TraceEventView &event);
    [[nodiscard]] uint64_t time_of(uint64_t clock) const;
    [[nodiscard]] std::vector<std::unique_ptr<tracedat::CpuReader>> readers();
    void account(const tracedat::CpuReader &reader);

    tracedat::Input input_;
    tracedat::Head head_;
    tracedat::FileNames names_;
    std::vector<size_t> by_id_;  // of head_.events, plus one; 0: none
    std::vector<std::unique_ptr<Kind>> kinds_;
    std::vector<std::unique_ptr<EventFormat>> formats_;
    tracedat::CpuReader::Lost lost_;
    uint64_t unknown_ = 0, first_ns_ = UINT64_MAX, last_ns_ = 0;
};

}  // namespace whydrop
