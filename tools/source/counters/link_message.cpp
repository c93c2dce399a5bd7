// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>

#include "source/counters/message.h"

namespace whydrop {

namespace {

// In the order of struct rtnl_link_stats64, all of 64 bits; the attribute's length says how many of
// them the kernel has (rx_otherhost_dropped is the newest).
constexpr std::array<const char *, 25> link_names = {
    "rx_packets",          "tx_packets",        "rx_bytes",         "tx_bytes",
    "rx_errors",           "tx_errors",         "rx_dropped",       "tx_dropped",
    "multicast",           "collisions",        "rx_length_errors", "rx_over_errors",
    "rx_crc_errors",       "rx_frame_errors",   "rx_fifo_errors",   "rx_missed_errors",
    "tx_aborted_errors",   "tx_carrier_errors", "tx_fifo_errors",   "tx_heartbeat_errors",
    "tx_window_errors",    "rx_compressed",     "tx_compressed",    "rx_nohandler",
    "rx_otherhost_dropped"};

constexpr std::array<const char *, 6> stp_names = {"transition_blk", "transition_fwd", "rx_bpdu",
                                                   "tx_bpdu",        "rx_tcn",         "tx_tcn"};

// enum of BOND_3AD_STAT_*, from 0: an attribute of 64 bits for each.
constexpr std::array<const char *, 9> lacp_names = {
    "lacpdu_rx", "lacpdu_tx",      "lacpdu_unknown_rx", "lacpdu_illegal_rx", "marker_rx",
    "marker_tx", "marker_resp_rx", "marker_resp_tx",    "marker_unknown_rx"};
constexpr uint16_t bond_3ad = 1;  // BOND_XSTATS_3AD, of linux/if_bonding.h

template <size_t Count>
void add_numbers(CounterGroup &group, Bytes bytes, const std::array<const char *, Count> &names,
                 const std::string &prefix = {}) {
    for (size_t i = 0; i < Count; i++)
        if (const auto value = number_at<uint64_t>(bytes, i * sizeof(uint64_t)))
            group.counters.push_back({prefix + names[i], *value});
}

void add_lacp(CounterGroup &group, Bytes bytes) {
    for (const auto &[type, value] : attributes_of(bytes))
        if (const auto number = number_at<uint64_t>(value, 0); number && type < lacp_names.size())
            group.counters.push_back({lacp_names[type], *number});
}

}  // namespace

DeviceName read_device_name(Bytes message) {
    const auto info = number_at<ifinfomsg>(message, 0);
    if (!info)
        return {};
    const auto attributes = attributes_of(message.subspan(sizeof(ifinfomsg)));
    return {static_cast<uint32_t>(info->ifi_index),
            text_of(find_attribute(attributes, IFLA_IFNAME))};
}

std::vector<CounterGroup> read_link_stats(Bytes message, const DeviceNames &names) {
    const auto head = number_at<if_stats_msg>(message, 0);
    const auto name = head ? names.find(head->ifindex) : names.end();
    if (name == names.end())
        return {};
    const auto attributes = attributes_of(message.subspan(sizeof(if_stats_msg)));
    CounterGroup link{counter_source::link, name->second, head->ifindex, {}, name->second};
    add_numbers(link, find_attribute(attributes, IFLA_STATS_LINK_64), link_names);
    CounterGroup extra = link;
    extra.source = counter_source::link_extra;
    extra.counters.clear();
    for (const uint16_t of : {IFLA_STATS_LINK_XSTATS, IFLA_STATS_LINK_XSTATS_SLAVE}) {
        const Bytes kinds = find_attribute(attributes, of);
        add_numbers(extra, find_attribute(kinds, {LINK_XSTATS_TYPE_BRIDGE, BRIDGE_XSTATS_STP}),
                    stp_names);
        add_lacp(extra, find_attribute(kinds, {LINK_XSTATS_TYPE_BOND, bond_3ad}));
    }
    const Bytes offload = find_attribute(attributes, IFLA_STATS_LINK_OFFLOAD_XSTATS);
    add_numbers(extra, find_attribute(offload, {IFLA_OFFLOAD_XSTATS_CPU_HIT}), link_names,
                "cpu_hit_");
    std::vector<CounterGroup> groups;
    for (CounterGroup *group : {&link, &extra})
        if (!group->counters.empty())
            groups.push_back(std::move(*group));
    return groups;
}

}  // namespace whydrop
