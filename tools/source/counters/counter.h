// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's counters as values: where each was read, of what it is, what it is called there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace whydrop {

// The names of sources, as users write them: "softnet_stat/dropped".
namespace counter_source {
inline constexpr const char *snmp = "snmp";  // /proc/net/snmp: Ip, Icmp, Tcp, Udp
inline constexpr const char *netstat = "netstat";
inline constexpr const char *snmp6 = "snmp6";
inline constexpr const char *softnet = "softnet_stat";
inline constexpr const char *link = "link";              // rtnl_link_stats64
inline constexpr const char *link_extra = "link_extra";  // IFLA_STATS_LINK_XSTATS and the like
inline constexpr const char *driver = "driver";          // ethtool -S
inline constexpr const char *standard = "ethtool";       // ethtool -S --groups
inline constexpr const char *pause = "pause";            // ethtool -I -a
inline constexpr const char *qdisc = "qdisc";            // tc -s qdisc
inline constexpr const char *interrupts = "interrupts";  // of a device's queues
inline constexpr const char *conntrack = "nf_conntrack";
// Others carry the name of their file: xfrm_stat, tls_stat, arp_cache, ndisc_cache, rt_cache, ...
}  // namespace counter_source

struct Counter {
    std::string name;  // as the kernel has it: "UdpNoPorts", "rx_dropped"
    uint64_t value = 0;
    bool level = false;  // goes up and down, as a length does: its value is no sum of events

    bool operator==(const Counter &) const = default;
};

// What one place of one source counts.
struct CounterGroup {
    std::string source;
    std::string place;      // "eth0", "cpu1", "eth0 fq_codel 8001:"; empty: the whole namespace
    uint64_t identity = 0;  // another one where a thing of the same name took the place: ifindex
    std::vector<Counter> counters;
    std::string dev;  // the device, where the place is one or lies in one

    bool operator==(const CounterGroup &) const = default;
};

struct CounterReading {
    std::vector<CounterGroup> groups;
    std::vector<std::string> unread;  // sources that this kernel or this user lacks, and why
};

// Known by name: lengths, tables' entries, settings that stand among the counters.
bool is_level(const std::string &source, const std::string &name);

}  // namespace whydrop
