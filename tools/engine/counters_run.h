// SPDX-License-Identifier: GPL-2.0-or-later
// What counters do while something else happens, from its beginning to its end.
#pragma once

#include <string>

#include "engine/document_output.h"
#include "engine/run_time.h"
#include "sys/result.h"

namespace whydrop {

struct CountersRunOptions {
    std::string netns, dev;  // as CounterReader::open() takes them
    bool all = false;
    RunTimeOptions time;
    std::string command_line;  // for Session
};

// Runs to the end (command, duration, SIGINT or SIGTERM) and has called end() on the output. Gives
// the command's status, as a shell has it; 0 without one. Errors: usage, unsupported, failed.
Result<int> run_counters(const CountersRunOptions &options, DocumentOutput &output);

}  // namespace whydrop
