// SPDX-License-Identifier: GPL-2.0-or-later
// Keys as they are written: skbaddr.hex, len.buckets=100, stacktrace.
#pragma once

#include <string>

#include "model/histogram.h"
#include "sys/result.h"

namespace whydrop {

// The kernel's word for the stack at the event: `stacktrace` up to 6.2, `common_stacktrace` since
// kernel commit 4b512860bdbd, which still takes the old one where no field is called so.
bool is_stack_key(const HistKey &key);

// Errors: usage, with the modifiers there are.
Result<HistKey> parse_hist_key(const std::string &text);
std::string to_text(const HistKey &key);

}  // namespace whydrop
