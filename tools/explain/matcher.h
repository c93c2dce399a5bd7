// SPDX-License-Identifier: GPL-2.0-or-later
// Which rule explains a drop, and a group of drops.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "explain/host_view.h"
#include "explain/rule_book.h"
#include "model/drop.h"

namespace whydrop {

// "tun_net_xmit.isra.0" -> "tun_net_xmit": what compilers add to the names of functions.
std::string_view plain_function(std::string_view symbol);
// * in the pattern stands for any characters, none too.
bool glob_matches(std::string_view pattern, std::string_view text);

struct Verdict {
    const Rule *rule = nullptr;  // nullptr: no rule knows
    bool derived = false;
    size_t samples_agree = 0;
    const DropRecord *example = nullptr;  // the first sample that agrees
    std::vector<std::string> also;        // the other samples' rules, the most frequent first
    bool unanimous = false;               // nothing in the group speaks for another cause
};

Verdict judge(RuleBook &book, const DropGroup &group, const HostView &host);

}  // namespace whydrop
