// SPDX-License-Identifier: GPL-2.0-or-later
// A trace.dat of trace-cmd, as the reports of the live commands.
#pragma once

#include <string>
#include <vector>

#include "engine/replay.h"
#include "model/histogram.h"
#include "source/tracedat/trace_dat.h"

namespace whydrop {

struct TraceQuestion {
    bool list = false;   // each event, in the order of time
    bool json = false;   // ... as JSON lines
    bool quiet = false;  // of the report only the drops' summary
    std::string event;   // SYSTEM:NAME; empty: all, or with keys the only one there is
    HistQuery hist;      // with keys: a histogram
    size_t top = 0;      // rows of it that are shown; 0: all

    [[nodiscard]] bool asks_for_hist() const { return !hist.keys.empty(); }
};

struct ReplayOutput {
    const std::vector<Sink *> &sinks;  // of drops
    DocumentWriter &document;
    Writer &lines;  // of a list as text
};

// Without a question: which events there are, what was received, what XDP gave up, and what was
// dropped and why. Errors: usage, for what the file cannot tell.
Status replay_trace(TraceDat &file, const ReplayOptions &options, const TraceQuestion &question,
                    const ReplayOutput &output, const ReadingProgress &progress);

}  // namespace whydrop
