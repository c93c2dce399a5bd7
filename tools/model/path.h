// SPDX-License-Identifier: GPL-2.0-or-later
// Which functions of the receive path packets reached, which they did not, and where they ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/reason.h"
#include "model/symbol.h"

namespace whydrop {

enum class PathWatch {
    watched,
    absent,   // this kernel has no function of that name
    refused,  // it has, but does not let it be watched: the compiler changed it, or it is excluded
};

struct PathStep {
    std::string layer, name;
    PathWatch watch = PathWatch::watched;
    uint64_t packets = 0;  // each counted once, however often it comes by; copies are packets
    bool may_be_inlined = false;  // packets may have passed its code where nobody sees a call
    std::string seen_behind;      // and they have: they came to this function, which lies behind
    std::string unless;           // what it may mean when it is not called
};

struct PathEnd {
    std::string how;               // "dropped", "read by a process", ...
    std::optional<Reason> reason;  // of a drop, where the kernel says one
    Symbol location;               // without name and address: not known
    bool copied = false;           // what ended was a clone
    uint64_t packets = 0;
};

struct PathReport {
    uint64_t matched = 0, copies = 0;
    std::string watched_by;  // "kprobe.multi", "kprobes" or "tracepoints"
    std::vector<PathStep> steps;
    std::vector<PathEnd> ends;  // most packets first
};

}  // namespace whydrop
