// SPDX-License-Identifier: GPL-2.0-or-later
// A question as the kernel takes it: hist:keys=skbaddr.hex:vals=len:sort=hitcount:size=4096
#pragma once

#include <string>

#include "model/event_format.h"
#include "model/histogram.h"
#include "sys/result.h"

namespace whydrop {

// What a trigger file takes, "if CONDITION" and all. Checked against the event's fields first: the
// kernel's answer names none. Errors: usage.
Result<std::string> hist_trigger(const HistQuery &query, const EventFormat &format);

// The condition with strings in quotes, and with numbers for the names that the event's print fmt
// has for values: reason==NO_SOCKET becomes reason==3. Errors: usage.
Result<std::string> hist_condition(const std::string &condition, const EventFormat &format);

// Nothing in the kernel's language escapes a quote. Errors: usage, when it holds both kinds.
Result<std::string> quoted(const std::string &text);

}  // namespace whydrop
