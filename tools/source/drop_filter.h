// SPDX-License-Identifier: GPL-2.0-or-later
// What is to be counted; checked in the kernel, before anything is counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sys/result.h"

struct wire_config;

namespace whydrop {

class KernelBtf;

// In the words of the command line; resolved when the run starts (names need BTF and netlink).
struct DropFilter {
    std::string iface;                 // -i NAME or index; empty: any
    std::string netns;                 // -n NAME, PID, path or inode; empty: any
    std::vector<std::string> reasons;  // -r NAME or !NAME; all with ! or none
    std::string proto;                 // --proto: ipv4, ipv6, arp, tcp, udp, icmp, a number, ...
    std::optional<uint32_t> pid;       // -p, as this process's pid namespace numbers it
    std::string comm;                  // --comm
    std::string packet;                // a pcap-filter(7) expression; empty: any
};

// TASK_COMM_LEN (include/linux/sched.h), without its end: of a longer --comm the beginning counts.
inline constexpr size_t comm_bytes = 15;

// Why the loss "in_interrupt" left events out.
inline constexpr const char *in_interrupt_detail =
    "came in softirq or interrupt, where no process is the cause: -p and --comm cannot tell";

struct NetworkPlace {
    uint32_t netns = 0, ifindex = 0;  // 0: any
};
// What -n and -i name. A device is one of a namespace: of the one given, or else of ours. Errors:
// usage, where there is none such.
Result<NetworkPlace> find_place(const std::string &netns, const std::string &iface);

// What --proto names: one of the two.
struct ProtocolNumber {
    std::optional<uint16_t> ethertype;
    std::optional<uint8_t> ip;  // IP protocol
};
// Errors: usage, where there is no such name, nor such a number.
Result<ProtocolNumber> protocol_number(const std::string &proto);

// Looks the words up and sets the filters of config. Errors: usage, naming what does not exist and
// what does; unsupported where this kernel has no drop reasons.
Status resolve_filter(const DropFilter &filter, KernelBtf &btf, wire_config &config);

}  // namespace whydrop
