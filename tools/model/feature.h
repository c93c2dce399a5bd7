// SPDX-License-Identifier: GPL-2.0-or-later
// One thing this kernel and this user can do, or cannot.
#pragma once

#include <string>

namespace whydrop {

struct Feature {
    std::string name;  // "ring buffer"
    bool works = false;
    bool needed = false;  // without it nothing is observed
    std::string detail;   // what was seen
    std::string remedy;   // what to do about a "no"; empty: nothing can be done, or it works
};

}  // namespace whydrop
