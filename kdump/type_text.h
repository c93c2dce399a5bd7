// SPDX-License-Identifier: GPL-2.0-or-later
// A type as C would write it: "struct net_device *", "const char [16]", "int (*)(struct sock *)".
#pragma once

#include <cstdint>
#include <string>

#include "kdump/btf.h"

namespace whydrop::kdump {

// "void" for 0; "?" for what the bytes do not hold, below 16 levels, and behind 256 types.
std::string type_text(const Btf &btf, uint32_t type);

}  // namespace whydrop::kdump
