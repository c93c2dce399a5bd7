// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's `hist` file as data.
#pragma once

#include <string>
#include <vector>

#include "model/event_format.h"
#include "model/histogram.h"
#include "sys/result.h"

namespace whydrop {

// Every histogram in the text of events/SYSTEM/EVENT/hist, anybody's. What its keys are is read
// from the trigger that the kernel repeats above it. Errors: failed, with the line that was not
// understood.
Result<std::vector<Histogram>> parse_hist(const std::string &text);

// Gives values the names that the event's print fmt has for them, and numbers of signed fields,
// which the kernel writes without, their sign: both into HistKeyValue::text.
void name_values(Histogram &histogram, const EventFormat &format);

}  // namespace whydrop
