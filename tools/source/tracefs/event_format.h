// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "model/event_format.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

// The text of events/SYSTEM/EVENT/format. Fields and names it does not understand are left out.
// Errors: failed, when there is no field at all.
Result<EventFormat> parse_event_format(const std::string &text);

// Of an event of the running kernel. Errors: unsupported when it has none.
Result<EventFormat> read_event_format(const TraceDir &dir, const TraceEvent &event);

// "skbaddr, location, protocol, reason" for errors and help: without the common ones.
std::string field_names(const EventFormat &format);

}  // namespace whydrop
