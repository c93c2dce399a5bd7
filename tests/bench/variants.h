// SPDX-License-Identifier: GPL-2.0-or-later
// What is measured, and what is asked of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace whydrop::bench {

// whydrop: `whydrop drops`; receive: `whydrop receive`.
enum class Observer { nobody, floor, ftrace, bpftrace, whydrop, receive };

// What whydrop's answer has to say of the drops that were caused, or the packets received.
enum class Counted { nothing_to_check, all, none };

struct Variant {
    const char *id;
    const char *title;
    Observer observer;
    std::vector<std::string> words;  // whydrop's options, bpftrace's program, or the floor's
    uint32_t flows = 1;
    Counted counted = Counted::nothing_to_check;
};

// ns added by `variant` <= limit * ns added by `against`.
struct RatioTarget {
    const char *variant, *against;
    double limit;
};

// ns added by `variant` - ns added by `against` <= limit, where the probes read directly.
struct ExtraTarget {
    const char *variant, *against;
    double limit;
};

// A figure of its own.
struct ValueTarget {
    const char *id, *title, *unit;
    double limit;
    bool at_least = false;  // the limit is the least, not the most
};

const std::vector<Variant> &variants();
std::span<const RatioTarget> ratio_targets();
std::span<const ExtraTarget> extra_targets();
std::span<const ValueTarget> value_targets();

}  // namespace whydrop::bench
