// SPDX-License-Identifier: GPL-2.0-or-later
// The IP addresses of a device (struct in_device, struct inet6_dev).
#pragma once

#include <string>
#include <vector>

#include "kdump/types.h"

namespace whydrop::kdump {

// "10.0.0.1/24", "fe80::1/64"; IPv4 first, in the kernel's order. `lost` counts the lists that
// cannot be read to their end.
std::vector<std::string> read_addresses(const Ref &net_device, uint64_t &lost);

}  // namespace whydrop::kdump
