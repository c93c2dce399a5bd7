// SPDX-License-Identifier: GPL-2.0-or-later
// The time between two events of the running kernel: measured by itself (synthetic events, kernel
// commit 02205a6752f2 and later), or by us from the stream of both.
#pragma once

#include <memory>

#include "source/events/event_pairs.h"
#include "source/tracefs/hist_source.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

struct PairAsk {
    TraceEvent from, to;
    PairQuery query;
    uint32_t buffer_kb = 0;  // of each CPU, for the stream; 0: what suits their number
};

struct PairFormats {
    EventFormat from, to;
};
// Errors: unsupported when the kernel does not have one of the events.
Result<PairFormats> read_pair_formats(const TraceDir &dir, const PairAsk &ask);

// Its histogram is as EventPairs has it.
class PairSource : public HistSource {
  public:
    // Up to the last read(). Of these the kernel tells `forgotten` alone.
    virtual PairLosses pair_losses() = 0;
    [[nodiscard]] virtual bool by_kernel() const = 0;
};

// The kernel, where it can; else the stream. `fs` is to live as long. Errors: usage, unsupported.
Result<std::unique_ptr<PairSource>> make_pairs(const TraceFs &fs, const PairAsk &ask);
// Errors of the first: unsupported also where the question is one that only the other answers (keys
// that are texts, stacks or processes).
Result<std::unique_ptr<PairSource>> make_trigger_pairs(const TraceFs &fs, const PairAsk &ask);
Result<std::unique_ptr<PairSource>> make_stream_pairs(const TraceFs &fs, const PairAsk &ask);

}  // namespace whydrop
