// SPDX-License-Identifier: GPL-2.0-or-later
// A HistQuery answered by the kernel's own hist triggers.
#pragma once

#include <memory>

#include "source/tracefs/hist_source.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

// Whether the kernel counts this event itself (CONFIG_HIST_TRIGGERS).
bool has_hist_triggers(const TraceDir &top, const TraceEvent &event);

// `fs` is to live as long. Errors: usage (the question does not fit the event), unsupported.
Result<std::unique_ptr<HistSource>> make_trigger_hist(const TraceFs &fs, const HistAsk &ask);

}  // namespace whydrop
