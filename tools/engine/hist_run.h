// SPDX-License-Identifier: GPL-2.0-or-later
// One histogram of an event of this kernel's, from its beginning to its end.
#pragma once

#include <optional>

#include "engine/document_output.h"
#include "engine/hist_question.h"
#include "engine/run_time.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

struct HistRunOptions {
    HistQuestion question;    // the seconds of its view are the run's to fill
    bool own = false;         // only what runs as the command or its children
    uint64_t stop_after = 0;  // -c: hits; 0: no limit
    RunTimeOptions time;
    std::string command_line;  // for Session
};

// Runs to the end (command, duration, count, SIGINT or SIGTERM) and has called end() on the output.
// Gives the command's status, as a shell has it; 0 without one.
Result<int> run_hist(const TraceFs &fs, const HistRunOptions &options, DocumentOutput &output);

}  // namespace whydrop
