// SPDX-License-Identifier: GPL-2.0-or-later
// What a run saw, and what it did not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/drop.h"

namespace whydrop {

// One kind of thing that was not seen or not kept.
struct Loss {
    std::string kind;  // stable: "ring_full", "recursion", "no_room", "map_error", ...
    uint64_t count = 0;
    std::string unit;       // "events", "samples", "stacks"
    std::string detail;     // why, and what to do about it
    bool in_other = false;  // these events were counted: they are in Report::other
};
using Losses = std::vector<Loss>;

// Frames that were lost behind XDP programs: in no group and no total, but for those that were an
// skb (veth, generic mode).
struct XdpLoss {
    std::string error;         // "ABORTED", "redirect: EINVAL"
    std::string program, dev;  // "parse 42", "veth1"; empty: not known
    uint64_t frames = 0;
};

// Groups are ranked. Events in groups + other + the losses in events that are not in other == every
// event that passed the filter.
struct Report {
    PacketEvent event = PacketEvent::drop;
    bool final = false;
    GroupKeys keys = 0;
    // CLOCK_MONOTONIC: the run when final, else the interval; the groups count from the run's
    // begin.
    uint64_t from_ns = 0, to_ns = 0;
    std::vector<DropGroup> groups;
    Count other;                // counted, but not in any group: their table was full
    uint64_t other_groups = 0;  // groups that were evicted into other by us; 0: unknown
    Count total;                // groups, folded ones too, and other
    Count in_period;            // of the interval, when not final
    std::vector<XdpLoss> xdp;   // most frames first, when final
};

}  // namespace whydrop
