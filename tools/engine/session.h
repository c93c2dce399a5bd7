// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of any observation on this machine.
#pragma once

#include <cstdint>

#include "model/session.h"

namespace whydrop {

uint64_t monotonic_ns();

// Host, kernel, CPUs, version, and both clocks as of now. The rest is the caller's.
Session this_host();

}  // namespace whydrop
