// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/ethtool_netlink.h>

#include <array>

#include "source/counters/message.h"

namespace whydrop {

namespace {

// A group by its number (ETHTOOL_STATS_ETH_PHY, ...), its names by theirs (ETHTOOL_A_STATS_ETH_*),
// as the kernel's string sets have them (net/ethtool/stats.c).
struct StandardGroup {
    const char *name;
    std::vector<std::string> counters;
};

const std::array<StandardGroup, 4> &standard_groups() {
    static const std::array<StandardGroup, 4> groups = {{
        {"eth-phy", {"SymbolErrorDuringCarrier"}},
        {"eth-mac",
         {"FramesTransmittedOK",
          "SingleCollisionFrames",
          "MultipleCollisionFrames",
          "FramesReceivedOK",
          "FrameCheckSequenceErrors",
          "AlignmentErrors",
          "OctetsTransmittedOK",
          "FramesWithDeferredXmissions",
          "LateCollisions",
          "FramesAbortedDueToXSColls",
          "FramesLostDueToIntMACXmitError",
          "CarrierSenseErrors",
          "OctetsReceivedOK",
          "FramesLostDueToIntMACRcvError",
          "MulticastFramesXmittedOK",
          "BroadcastFramesXmittedOK",
          "FramesWithExcessiveDeferral",
          "MulticastFramesReceivedOK",
          "BroadcastFramesReceivedOK",
          "InRangeLengthErrors",
          "OutOfRangeLengthField",
          "FrameTooLongErrors"}},
        {"eth-ctrl",
         {"MACControlFramesTransmitted", "MACControlFramesReceived", "UnsupportedOpcodesReceived"}},
        {"rmon",
         {"etherStatsUndersizePkts", "etherStatsOversizePkts", "etherStatsFragments",
          "etherStatsJabbers"}},
    }};
    return groups;
}

// The header of each answer: which device.
CounterGroup group_of(Bytes header, const char *source) {
    const std::string dev = text_of(find_attribute(header, {ETHTOOL_A_HEADER_DEV_NAME}));
    const uint32_t ifindex =
        number_at<uint32_t>(find_attribute(header, {ETHTOOL_A_HEADER_DEV_INDEX}), 0).value_or(0);
    return {source, dev, ifindex, {}, dev};
}

// One that is newer than this table has its number for a name.
std::string name_in(const StandardGroup &group, uint16_t number) {
    return std::string(group.name) + "-" +
           (number < group.counters.size() ? group.counters[number] : std::to_string(number));
}

void add_standard(CounterGroup &group, Bytes bytes) {
    const auto attributes = attributes_of(bytes);
    const auto id = number_at<uint32_t>(find_attribute(attributes, ETHTOOL_A_STATS_GRP_ID), 0);
    if (!id || *id >= standard_groups().size())
        return;
    const StandardGroup &known = standard_groups()[*id];
    for (const auto &[type, stat] : attributes) {
        if (type != ETHTOOL_A_STATS_GRP_STAT)
            continue;
        for (const auto &[number, value] : attributes_of(stat))
            if (const auto count = number_at<uint64_t>(value, 0))
                group.counters.push_back({name_in(known, number), *count});
    }
}

}  // namespace

std::vector<CounterGroup> read_standard_stats(Bytes attributes) {
    const auto all = attributes_of(attributes);
    CounterGroup group =
        group_of(find_attribute(all, ETHTOOL_A_STATS_HEADER), counter_source::standard);
    for (const auto &[type, bytes] : all)
        if (type == ETHTOOL_A_STATS_GRP)
            add_standard(group, bytes);
    if (group.place.empty() || group.counters.empty())
        return {};
    return {std::move(group)};
}

std::vector<CounterGroup> read_pause_stats(Bytes attributes) {
    const auto all = attributes_of(attributes);
    CounterGroup group =
        group_of(find_attribute(all, ETHTOOL_A_PAUSE_HEADER), counter_source::pause);
    const Bytes stats = find_attribute(all, ETHTOOL_A_PAUSE_STATS);
    const std::pair<uint16_t, const char *> known[] = {
        {ETHTOOL_A_PAUSE_STAT_TX_FRAMES, "tx_pause_frames"},
        {ETHTOOL_A_PAUSE_STAT_RX_FRAMES, "rx_pause_frames"}};
    for (const auto &[type, name] : known)
        if (const auto count = number_at<uint64_t>(find_attribute(stats, {type}), 0))
            group.counters.push_back({name, *count});
    if (group.place.empty() || group.counters.empty())
        return {};
    return {std::move(group)};
}

}  // namespace whydrop
