// SPDX-License-Identifier: GPL-2.0-or-later
// Events of the running kernel, read from the buffers of a tracing instance as they come.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "model/event_format.h"
#include "model/trace_event.h"
#include "source/events/event_sorter.h"
#include "source/events/kernel_stack.h"
#include "source/events/raw_page.h"
#include "source/events/stack_joiner.h"
#include "sys/handle.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

struct StreamedEvent {
    TraceEvent event;
    std::string condition;  // the kernel looks at it; empty: all
};

struct StreamOptions {
    std::vector<StreamedEvent> events;
    bool stacks = false;
    bool ordered = false;     // by time across CPUs; else each CPU's for itself
    std::vector<pid_t> pids;  // these and the children they make; empty: anybody
    uint32_t buffer_kb = 0;   // of each CPU; 0: what suits their number
};

class EventStream {
  public:
    // Sets up `instance`, a directory of `fs` of which nobody else makes use. Errors: usage (the
    // kernel's word on a condition, with its caret), unsupported.
    static Result<EventStream> open(const TraceFs &fs, const TraceDir &instance,
                                    const StreamOptions &options);

    // Records from here on; no more from here on. Times are of CLOCK_MONOTONIC.
    Status start();
    Status stop();

    // Gives away what is in the buffers now, in bounded memory; what came last may stay for the
    // next time, to be put in order or to wait for its stack.
    Status read(const EachEvent &each);
    // All that happened before the call.
    Status read_all(const EachEvent &each);

    [[nodiscard]] const EventFormat &format(size_t i) const { return *formats_[i]; }
    [[nodiscard]] Result<TraceLosses> losses() const;

  private:
    struct Cpu {
        int number = 0;
        Fd pages;
        StackJoiner joiner;
    };
    EventStream(TraceDir dir, StreamOptions options)
        : dir_(std::move(dir)), options_(std::move(options)) {}

    Status set_up(const TraceFs &fs);
    Status set_pids();
    Status read_formats(const TraceFs &fs);
    Status set_events();
    Status open_cpus();
    Status set_buffers();
    // True: all that was in its buffer is read.
    Result<bool> read_cpu(Cpu &cpu, const EachEvent &each);
    void read_page(Cpu &cpu, std::span<const std::byte> page, const EachEvent &each);
    [[nodiscard]] const EventFormat *format_of(std::span<const std::byte> record) const;
    // Up to which time there is nothing left to read.
    Result<uint64_t> drain(const EachEvent &each);
    Status read_until(uint64_t time_ns, const EachEvent &each);

    TraceDir dir_;
    StreamOptions options_;
    std::vector<std::unique_ptr<EventFormat>> formats_;  // as options_.events
    std::unique_ptr<EventFormat> stack_format_;
    std::unique_ptr<KernelStackReader> stacks_;
    std::vector<Cpu> cpus_;
    RawPageLayout layout_;
    std::vector<std::byte> page_;
    uint32_t pages_in_buffer_ = 0;
    EventSorter sorter_;
    uint64_t unreadable_ = 0, last_time_ = 0;
    bool running_ = false;
};

}  // namespace whydrop
