// SPDX-License-Identifier: GPL-2.0-or-later
// The time between two events as the kernel measures it: a trigger on the first remembers when it
// was, one on the second raises a synthetic event with the difference, and a third counts that.
#pragma once

#include <string>
#include <vector>

#include "model/event_format.h"
#include "source/events/pair_source.h"
#include "sys/result.h"

namespace whydrop {

struct LatencyTriggers {
    std::string fields;  // of the synthetic event: "u64 latency_ns; unsigned int len"
    std::string from, to, count;
};

// `synthetic`: the name of the event. Errors: usage; unsupported for keys that are no plain numbers
// of the kernel's own types, which it cannot hand over.
Result<LatencyTriggers> latency_triggers(const PairAsk &ask, const EventFormat &from,
                                         const EventFormat &to, const std::string &synthetic);

}  // namespace whydrop
