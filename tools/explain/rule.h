// SPDX-License-Identifier: GPL-2.0-or-later
// A rule in memory. What the fields mean to the one who writes a rule is in rules/README.md.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <vector>

#include "explain/predicates.h"

namespace whydrop {

struct Condition {
    const Predicate *predicate = nullptr;
    bool negated = false;
};
using Conditions = std::vector<Condition>;  // all of them must hold

// Which kernels' drops a derived entry is for.
enum class DerivedFor { any, none, not_specified };

struct Entry {
    std::string reason;  // "core/IP_CSUM"; empty: derived, where the kernel gives no reason
    DerivedFor derived_for = DerivedFor::any;
    std::vector<std::string> at;  // functions, * stands for any characters; empty: anywhere
    Conditions when;
};

// Where a rule stands, in the order in which rules are tried: later layers first.
struct RuleOrigin {
    size_t layer = 0;  // 0 built in, 1 /etc, 2 and up: the directories of --rules
    size_t file = 0;   // within all files read
    size_t line = 0;   // from 1

    auto operator<=>(const RuleOrigin &) const = default;
};

struct Rule {
    std::string id;
    std::string cause;
    std::vector<std::string> usual, next;
    bool fold = false;
    Conditions expect;
    std::vector<Entry> entries;
    RuleOrigin origin;
};

}  // namespace whydrop
