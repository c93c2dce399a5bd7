// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of netlink about what devices count, made here byte by byte, whole and cut.
#include <gtest/gtest.h>
#include <linux/ethtool_netlink.h>
#include <linux/gen_stats.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "source/counters/message.h"

namespace whydrop {
namespace {

using Message = std::vector<uint8_t>;

template <typename Value>
Message bytes_of(const Value &value) {
    Message bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

Message operator+(Message a, const Message &b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Message attribute(uint16_t type, const Message &value) {
    const nlattr head = {static_cast<uint16_t>(NLA_HDRLEN + value.size()), type};
    Message all = bytes_of(head) + value;
    all.resize(NLA_ALIGN(all.size()));
    return all;
}

Message text(uint16_t type, const std::string &value) {
    return attribute(type, Message(value.begin(), value.end()) + Message{0});
}

std::string text_of(const std::vector<CounterGroup> &groups) {
    std::string all;
    for (const CounterGroup &group : groups) {
        all += group.source + "[" + group.place + "]";
        for (const Counter &counter : group.counters)
            all += " " + counter.name + "=" + std::to_string(counter.value) +
                   (counter.level ? "(level)" : "");
        all += ";";
    }
    return all;
}

const DeviceNames names = {{7, "eth0"}};

Message link_message(const Message &attributes) {
    if_stats_msg head = {};
    head.ifindex = 7;
    return bytes_of(head) + attributes;
}

Message queue_message(const std::string &kind, uint32_t handle, uint32_t parent,
                      const Message &own) {
    tcmsg head = {};
    head.tcm_ifindex = 7;
    head.tcm_handle = handle;
    head.tcm_parent = parent;
    const gnet_stats_queue queue = {3, 1200, 11, 5, 13};
    const Message stats =
        attribute(TCA_STATS_BASIC, bytes_of(uint64_t{1009}) + bytes_of(uint32_t{17})) +
        attribute(TCA_STATS_QUEUE, bytes_of(queue)) + attribute(TCA_STATS_APP, own);
    return bytes_of(head) + text(TCA_KIND, kind) + attribute(TCA_STATS2, stats);
}

TEST(LinkMessage, NamesWhatTheKernelHas) {
    const Message old_kernel = bytes_of(uint64_t{2}) + bytes_of(uint64_t{3});
    EXPECT_EQ(
        text_of(read_link_stats(link_message(attribute(IFLA_STATS_LINK_64, old_kernel)), names)),
        "link[eth0] rx_packets=2 tx_packets=3;");
    rtnl_link_stats64 stats = {};
    stats.rx_dropped = 31;
    stats.rx_nohandler = 37;
    const std::string all = text_of(
        read_link_stats(link_message(attribute(IFLA_STATS_LINK_64, bytes_of(stats))), names));
    EXPECT_NE(all.find(" rx_dropped=31 "), std::string::npos) << all;
    EXPECT_NE(all.find(" rx_nohandler=37"), std::string::npos) << all;
}

TEST(LinkMessage, OfAPortHasItsSpanningTree) {
    const bridge_stp_xstats stp = {2, 3, 5, 7, 11, 13};
    const Message nested =
        attribute(LINK_XSTATS_TYPE_BRIDGE, attribute(BRIDGE_XSTATS_STP, bytes_of(stp)));
    EXPECT_EQ(text_of(read_link_stats(link_message(attribute(IFLA_STATS_LINK_XSTATS_SLAVE, nested)),
                                      names)),
              "link_extra[eth0] transition_blk=2 transition_fwd=3 rx_bpdu=5 tx_bpdu=7 rx_tcn=11 "
              "tx_tcn=13;");
}

TEST(LinkMessage, OfAnUnknownDeviceSaysNothing) {
    EXPECT_TRUE(read_link_stats(link_message({}), {}).empty());
    EXPECT_TRUE(read_link_stats({}, names).empty());
}

TEST(QueueMessage, IsCountedByItsKindAndHandle) {
    EXPECT_EQ(text_of(read_qdisc_stats(queue_message("tbf", 0x80010000, TC_H_ROOT, {}), names)),
              "qdisc[eth0 tbf 8001:] bytes=1009 packets=17 qlen=3(level) backlog=1200(level) "
              "drops=11 requeues=5 overlimits=13;");
    EXPECT_TRUE(text_of(read_qdisc_stats(queue_message("fq", 0, 2, {}), names))
                    .starts_with("qdisc[eth0 fq parent 0:2] "));
    EXPECT_TRUE(text_of(read_qdisc_stats(queue_message("noqueue", 0, TC_H_ROOT, {}), names))
                    .starts_with("qdisc[eth0 noqueue] "));
}

TEST(QueueMessage, HasWhatItsKindCounts) {
    tc_fq_codel_xstats codel = {};
    codel.type = TCA_FQ_CODEL_XSTATS_QDISC;
    codel.qdisc_stats.drop_overlimit = 41;
    codel.qdisc_stats.memory_usage = 43;
    const std::string of_queue =
        text_of(read_qdisc_stats(queue_message("fq_codel", 0, TC_H_ROOT, bytes_of(codel)), names));
    EXPECT_NE(of_queue.find(" drop_overlimit=41 "), std::string::npos) << of_queue;
    EXPECT_NE(of_queue.find(" memory_usage=43(level) "), std::string::npos) << of_queue;
    codel.type = TCA_FQ_CODEL_XSTATS_CLASS;
    const std::string of_class =
        text_of(read_qdisc_stats(queue_message("fq_codel", 0, TC_H_ROOT, bytes_of(codel)), names));
    EXPECT_EQ(of_class.find("drop_overlimit"), std::string::npos) << of_class;
    tc_fq_qd_stats fq = {};
    fq.horizon_drops = 47;
    const std::string paced =
        text_of(read_qdisc_stats(queue_message("fq", 0, TC_H_ROOT, bytes_of(fq)), names));
    EXPECT_NE(paced.find(" horizon_drops=47 "), std::string::npos) << paced;
}

Message device_header(uint16_t type) {
    return attribute(type, attribute(ETHTOOL_A_HEADER_DEV_INDEX, bytes_of(uint32_t{7})) +
                               text(ETHTOOL_A_HEADER_DEV_NAME, "eth0"));
}

TEST(EthtoolMessage, HasPauseFrames) {
    const Message stats = attribute(ETHTOOL_A_PAUSE_STAT_TX_FRAMES, bytes_of(uint64_t{53})) +
                          attribute(ETHTOOL_A_PAUSE_STAT_RX_FRAMES, bytes_of(uint64_t{59}));
    EXPECT_EQ(text_of(read_pause_stats(device_header(ETHTOOL_A_PAUSE_HEADER) +
                                       attribute(ETHTOOL_A_PAUSE_STATS, stats))),
              "pause[eth0] tx_pause_frames=53 rx_pause_frames=59;");
    EXPECT_TRUE(read_pause_stats(device_header(ETHTOOL_A_PAUSE_HEADER)).empty());
}

TEST(EthtoolMessage, HasStandardGroups) {
    const auto stat = [](uint16_t number, uint64_t value) {
        return attribute(ETHTOOL_A_STATS_GRP_STAT, attribute(number, bytes_of(value)));
    };
    const Message group =
        attribute(ETHTOOL_A_STATS_GRP_ID, bytes_of(uint32_t{ETHTOOL_STATS_ETH_MAC})) +
        stat(ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR, 61) + stat(99, 67);
    EXPECT_EQ(text_of(read_standard_stats(device_header(ETHTOOL_A_STATS_HEADER) +
                                          attribute(ETHTOOL_A_STATS_GRP, group))),
              "ethtool[eth0] eth-mac-FrameCheckSequenceErrors=61 eth-mac-99=67;");
}

// Cut at any byte, a message gives what is whole, and nothing is read behind its end.
TEST(Messages, MayEndAnywhere) {
    const Message whole[] = {
        link_message(attribute(IFLA_STATS_LINK_64, bytes_of(rtnl_link_stats64{}))),
        queue_message("fq", 0, TC_H_ROOT, bytes_of(tc_fq_qd_stats{})),
        device_header(ETHTOOL_A_PAUSE_HEADER)};
    for (const Message &message : whole)
        for (size_t size = 0; size < message.size(); size++) {
            const Message cut(message.begin(), message.begin() + static_cast<ptrdiff_t>(size));
            EXPECT_LE(read_link_stats(cut, names).size(), 2U);
            EXPECT_LE(read_qdisc_stats(cut, names).size(), 1U);
            EXPECT_TRUE(read_pause_stats(cut).empty());
            EXPECT_TRUE(read_standard_stats(cut).empty());
            read_device_name(cut);
        }
}

}  // namespace
}  // namespace whydrop
