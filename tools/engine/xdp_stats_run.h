// SPDX-License-Identifier: GPL-2.0-or-later
// XDP programs counted for a while, from the beginning to the end.
#pragma once

#include <cstdint>
#include <string>

#include "engine/document_output.h"
#include "engine/run_time.h"
#include "sys/result.h"

namespace whydrop {

struct XdpStatsOptions {
    std::string netns, iface;  // only these; empty: all
    uint64_t stop_after = 0;   // -c: packets; 0: no limit
    RunTimeOptions time;
    std::string command_line;  // for Session
};

// Runs to the end (command, duration, count, SIGINT or SIGTERM; without a command also when the
// device or namespace that was asked for is gone) and has called end() on the output. Gives the
// command's status, as a shell has it; 0 without one. Errors: usage when there is no such device or
// namespace, or no program and no command that could load one; unsupported when this user may not;
// failed when what was asked for has gone.
Result<int> run_xdp_stats(const XdpStatsOptions &options, DocumentOutput &output);

}  // namespace whydrop
