// SPDX-License-Identifier: GPL-2.0-or-later
// What holds for every dump that could be opened, whatever its bytes are. Shared with the fuzzer.
#pragma once

#include <string>

#include "kdump/format/dump.h"

namespace whydrop::test {

// Reads here and there, a bounded number of times. Empty: every promise of dump.h was kept; else
// which was not.
std::string broken_promise(kdump::Dump &dump);

}  // namespace whydrop::test
