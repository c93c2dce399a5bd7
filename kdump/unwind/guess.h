// SPDX-License-Identifier: GPL-2.0-or-later
// Where no table says who the caller is: the return address is on the stack, between others that
// are leftovers. Inside this folder.
#pragma once

#include <optional>

#include "kdump/unwind/stepper.h"

namespace whydrop::kdump {

// The nearest word above the position's stack pointer that looks most like its return address:
// there is text, there is a call before it, best one of the very function that the tables do not
// know, and the tables lead on from there. Absent: none leads on.
std::optional<Position> guess_caller(const Stepper &stepper, const Position &from,
                                     const std::optional<StackLimits> &stack);

}  // namespace whydrop::kdump
