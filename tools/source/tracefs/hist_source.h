// SPDX-License-Identifier: GPL-2.0-or-later
// Who answers a HistQuery of the running kernel: its hist triggers, or, where it has none, we, from
// the stream of the events (source/events/stream_hist.h). The answers are the same.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "model/histogram.h"
#include "model/trace_event.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

// An event at which counting begins or ends: sched:sched_process_exec, filename=="/usr/bin/x".
struct HistSwitch {
    TraceEvent event;
    std::string condition;  // in the kernel's words; empty: always
};

struct HistAsk {
    TraceEvent event;
    HistQuery query;                            // paused: counts from a start_on on
    std::vector<HistSwitch> start_on, stop_on;  // enable_hist, disable_hist
    // Only what happens while one of these runs, or a child of theirs that it makes from then on
    // (set_event_pid, event-fork); a start_on or stop_on is to be of one of these too. Empty:
    // anybody.
    std::vector<pid_t> pids;
};

// Works in an instance of its own, which goes with it.
class HistSource {
  public:
    HistSource() = default;
    HistSource(const HistSource &) = delete;
    HistSource &operator=(const HistSource &) = delete;
    virtual ~HistSource() = default;

    // Counts from here on. Errors: usage (the question), unsupported (this kernel, this user).
    virtual Status start() = 0;
    // Nothing that happens from here on is counted; what was stays readable.
    virtual Status stop() = 0;
    // What was counted up to the call, since start(): named (name_values), in the kernel's order.
    virtual Result<Histogram> read() = 0;
    // Up to the last read().
    virtual TraceLosses losses() = 0;
};

}  // namespace whydrop
