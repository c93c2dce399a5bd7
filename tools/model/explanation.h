// SPDX-License-Identifier: GPL-2.0-or-later
// What a group of drops means.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace whydrop {

struct Explanation {
    std::string cause_id;  // stable over kernels: "ipv4.checksum"
    std::string cause;     // one sentence
    bool derived = false;  // from location and samples: the kernel gave no reason, or NOT_SPECIFIED
    std::vector<std::string> usual;     // usual causes, the most frequent first
    std::vector<std::string> evidence;  // what was looked at and what it showed
    std::vector<std::string> next;      // commands, or what to look at
    size_t samples_agree = 0;  // samples whose bytes fit the cause; meaningful when derived
    size_t samples_seen = 0;
    std::vector<std::string> also;  // cause ids that other samples of the group point to
};

}  // namespace whydrop
