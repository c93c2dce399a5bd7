// SPDX-License-Identifier: GPL-2.0-or-later
// Packets the kernel lost, or received: one by one (DropRecord) and counted by key (DropGroup).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/device.h"
#include "model/explanation.h"
#include "model/packet.h"
#include "model/reason.h"
#include "model/symbol.h"

namespace whydrop {

// What happened to a packet: the kernel lost it, or took it in.
enum class PacketEvent : uint8_t { drop, receive };

// What --by may name. A set is a bit mask of these.
enum class GroupKey : uint32_t {
    reason = 1u << 0,
    location = 1u << 1,
    dev = 1u << 2,  // the pair (netns, ifindex)
    netns = 1u << 3,
    proto = 1u << 4,
    flow = 1u << 5,
    src = 1u << 6,
    dst = 1u << 7,
    stack = 1u << 8,
    comm = 1u << 9,
    pkt_type = 1u << 10,
};
using GroupKeys = uint32_t;
constexpr bool has(GroupKeys keys, GroupKey key) {
    return (keys & static_cast<uint32_t>(key)) != 0;
}

struct Count {
    uint64_t events = 0;   // calls of kfree_skb, or of the function that receives
    uint64_t packets = 0;  // gso_segs of each, at least one
    uint64_t bytes = 0;    // skb->len of each

    Count &operator+=(const Count &other) {
        events += other.events;
        packets += other.packets;
        bytes += other.bytes;
        return *this;
    }
    bool operator==(const Count &) const = default;
};

// Who was running when the packet was dropped. In softirq that is context, not the owner.
struct TaskContext {
    uint32_t pid = 0;  // thread group, in the initial pid namespace
    std::string comm;
    std::optional<bool> in_interrupt;  // softirq, hardirq or NMI; absent: the kernel does not tell
};

// One drop, with the first bytes of the packet. A packet that was received has neither reason nor
// location.
struct DropRecord {
    PacketEvent event = PacketEvent::drop;
    uint64_t time_ns = 0;  // CLOCK_MONOTONIC
    uint32_t cpu = 0;
    std::optional<Reason> reason;  // absent: this kernel has no drop reasons
    Symbol location;
    std::optional<Device> dev;  // absent: the packet had no device
    uint32_t netns = 0;         // 0: unknown
    TaskContext task;
    Packet packet;
    Stack stack;                  // empty: not asked for, or not taken
    std::string cause_id, cause;  // as in Explanation; empty: not asked for
};

// Drops that are equal in every key asked for; a key that was not asked for is absent.
struct DropGroup {
    PacketEvent event = PacketEvent::drop;
    GroupKeys keys = 0;
    std::optional<Reason> reason;
    std::optional<Symbol> location;
    std::optional<Device> dev;
    std::optional<uint32_t> netns;
    std::optional<std::string> proto;    // "ipv4", "arp", "0x88cc"
    std::optional<std::string> l4proto;  // "udp"; absent where proto is not IP
    std::optional<Flow> flow;
    std::optional<IpAddress> src, dst;
    std::optional<PacketType> pkt_type;
    std::optional<std::string> comm;  // "(softirq)" where no process was the cause
    std::optional<Stack> stack;       // the key with --by stack, else the first one seen with -s
    Count count;
    uint64_t first_ns = 0, last_ns = 0;  // CLOCK_MONOTONIC, exact to a jiffy
    std::vector<DropRecord> samples;     // up to 8
    bool folded = false;                 // normal operation: not shown unless --all
    std::optional<Explanation> explanation;
};

}  // namespace whydrop
