// SPDX-License-Identifier: GPL-2.0-or-later
// One observation of packets: attach, count, explain, show. `drops`, `receive`, `demo` and the
// tests share it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/report.h"
#include "render/sink.h"
#include "source/drop_filter.h"
#include "sys/result.h"

namespace whydrop {

struct DropOptions {
    PacketEvent event = PacketEvent::drop;
    std::vector<std::string> tracepoints;  // where what is received is counted
    GroupKeys by = static_cast<GroupKeys>(GroupKey::reason) |
                   static_cast<GroupKeys>(GroupKey::location) |
                   static_cast<GroupKeys>(GroupKey::dev);
    DropFilter filter;
    bool each = false;               // stream every drop
    bool stacks = false;             // -s: the first stack of each group, or of each drop with each
    uint64_t stop_after = 0;         // -c: events; 0: no limit
    double duration_s = 0;           // -d; 0: until Ctrl-C, or the command or workload ends
    double interval_s = 1;           // of Sink::interval; 0: none
    uint32_t max_groups = 0;         // kept by the kernel between two drains; 0: by key layout
    uint32_t snap_bytes = 128;       // of each packet with each; a multiple of 8, at most 16384
    uint32_t ring_bytes = 0;         // 0: by mode
    std::vector<std::string> rules;  // --rules DIR
    std::vector<std::string> command;  // -- COMMAND
    std::function<Status()> workload;  // the same for code of ours, run in a thread
    std::string command_line;          // for Session
};

struct DropRunEnd {
    Report report;
    Losses losses;
    bool stopped = false;               // by Ctrl-C or SIGTERM
    std::optional<int> command_status;  // as a shell gives it: 128 + signal for a killed one
};

// Runs to the end (command, duration, count, SIGINT or SIGTERM) and has called end() on every sink.
// A second SIGINT kills the process. SIGUSR1 calls interval(). A sink that fails with EPIPE ends
// the run quietly.
Result<DropRunEnd> run_drops(const DropOptions &options, const std::vector<Sink *> &sinks);

}  // namespace whydrop
