// SPDX-License-Identifier: GPL-2.0-or-later
// Why the kernel says it dropped a packet: enum skb_drop_reason (kernel commit c504e5c2f964,
// "net: skb: introduce kfree_skb_reason()") and the subsystems' own enums, whose id is in the top
// 16 bits (071c0fc6fb91, "net: extend drop reasons for multiple subsystems").
#pragma once

#include <cstdint>
#include <string>

namespace whydrop {

struct Reason {
    uint32_t code = 0;               // as the running kernel numbers it: different on every kernel
    std::string name;                // without SKB_DROP_REASON_; empty when the kernel names none
    std::string subsystem = "core";  // "core", "mac80211", "openvswitch", "qdisc", ... or a number

    bool operator==(const Reason &) const = default;
};

// True for the value the kernel uses where nobody has annotated the drop yet.
inline bool is_unspecified(const Reason &reason) {
    return reason.name == "NOT_SPECIFIED";
}

}  // namespace whydrop
