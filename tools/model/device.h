// SPDX-License-Identifier: GPL-2.0-or-later
// A network device as a packet knows it. An ifindex means nothing without its namespace.
#pragma once

#include <cstdint>
#include <string>

namespace whydrop {

struct Device {
    std::string name;      // empty: not copied, or not known
    uint32_t ifindex = 0;  // 0: the packet had no device
    uint32_t netns = 0;    // inode of the network namespace; 0: unknown

    bool operator==(const Device &) const = default;
};

}  // namespace whydrop
