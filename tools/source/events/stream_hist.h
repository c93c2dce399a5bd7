// SPDX-License-Identifier: GPL-2.0-or-later
// A HistQuery answered from the stream of the event, where the kernel has no hist triggers.
#pragma once

#include <memory>

#include "source/tracefs/hist_source.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

struct StreamHistOptions {
    uint32_t buffer_kb = 0;  // of each CPU; 0: what suits their number
};

// `fs` is to live as long. Errors: usage, unsupported.
Result<std::unique_ptr<HistSource>> make_stream_hist(const TraceFs &fs, const HistAsk &ask,
                                                     const StreamHistOptions &options = {});

}  // namespace whydrop
