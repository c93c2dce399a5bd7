// SPDX-License-Identifier: GPL-2.0-or-later
// What the lab sends is what it says: right in all but the one thing that was ordered to be wrong.
#include <gtest/gtest.h>

#include "decode/packet.h"
#include "lab/counters.h"
#include "lab/frames.h"

namespace whydrop {
namespace {

FrameSpec base() {
    FrameSpec spec;
    spec.dst_mac = {2, 0, 0, 0, 0, 2};
    spec.src_mac = {2, 0, 0, 0, 0, 1};
    spec.src = ipv4_address(10, 77, 0, 1);
    spec.dst = ipv4_address(10, 77, 0, 2);
    return spec;
}

FrameSpec base_v6() {
    FrameSpec spec = base();
    spec.src = {6, {0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    spec.dst = {6, {0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
    return spec;
}

PacketLevel decoded(const FrameSpec &spec) {
    Packet packet;
    packet.bytes = build_frame(spec);
    packet.link = LinkType::ethernet;
    packet.wire_bytes = static_cast<uint32_t>(packet.bytes.size());
    packet.meta.length_bytes = packet.wire_bytes;
    decode_packet(packet);
    EXPECT_EQ(packet.levels.size(), 1u);
    return packet.levels.empty() ? PacketLevel{} : packet.levels.front();
}

struct Row {
    const char *sentence;
    void (*change)(FrameSpec &);
    bool ip_right, transport_right;
    int length_error, udp_length_error;
};

const Row kRows[] = {
    {"an untouched frame is right", [](FrameSpec &) {}, true, true, 0, 0},
    {"an odd payload is summed with a zero behind it",
     [](FrameSpec &spec) { spec.payload_bytes = 37; }, true, true, 0, 0},
    {"a broken IP checksum leaves UDP's alone",
     [](FrameSpec &spec) { spec.checksum_error = 0x0101; }, false, true, 0, 0},
    {"a broken UDP checksum leaves IP's alone",
     [](FrameSpec &spec) { spec.transport_checksum_error = 0x0101; }, true, false, 0, 0},
    {"a wrong IP length is under a right checksum", [](FrameSpec &spec) { spec.length_error = 14; },
     true, true, 14, 0},
    {"a wrong UDP length is under a right IP header",
     [](FrameSpec &spec) { spec.udp_length_error = 14; }, true, true, 0, 14},
};

TEST(LabFrames, AreWrongOnlyWhereOrdered) {
    for (const Row &row : kRows) {
        SCOPED_TRACE(row.sentence);
        FrameSpec spec = base();
        row.change(spec);
        const PacketLevel level = decoded(spec);
        ASSERT_TRUE(level.ipv4 && level.udp);
        ASSERT_TRUE(level.ipv4->right_checksum);
        EXPECT_EQ(level.ipv4->checksum == *level.ipv4->right_checksum, row.ip_right);
        EXPECT_EQ(level.ipv4->total_bytes, 28 + spec.payload_bytes + row.length_error);
        EXPECT_EQ(level.udp->length_bytes, 8 + spec.payload_bytes + row.udp_length_error);
        if (row.length_error != 0 || row.udp_length_error != 0)
            continue;  // the bytes that a sum would cover are not there
        ASSERT_TRUE(level.udp->right_checksum);
        EXPECT_EQ(level.udp->checksum == *level.udp->right_checksum, row.transport_right);
    }
}

TEST(LabFrames, CarryTheProtocolsAsked) {
    FrameSpec tcp = base(), icmp = base(), v6 = base_v6();
    tcp.protocol = 6;
    icmp.protocol = 1;
    const PacketLevel segment = decoded(tcp), echo = decoded(icmp), datagram = decoded(v6);
    ASSERT_TRUE(segment.tcp);
    EXPECT_EQ(segment.tcp->flags, 2) << "a SYN";
    EXPECT_EQ(segment.tcp->dport, 9);
    ASSERT_TRUE(echo.icmp && echo.icmp->right_checksum);
    EXPECT_EQ(echo.icmp->type, 8);
    EXPECT_EQ(echo.icmp->checksum, *echo.icmp->right_checksum);
    ASSERT_TRUE(datagram.ipv6 && datagram.udp && datagram.udp->right_checksum);
    EXPECT_EQ(datagram.udp->checksum, *datagram.udp->right_checksum);
    EXPECT_EQ(datagram.ipv6->payload_bytes, 40);
}

TEST(LabFrames, OfAnotherEthertypeHaveNoIpHeader) {
    FrameSpec spec = base();
    spec.ethertype = 0x88b5;
    const PacketLevel level = decoded(spec);
    EXPECT_EQ(level.ethertype, 0x88b5);
    EXPECT_FALSE(level.ipv4);
}

TEST(LabCounters, AreFoundByTheNamesOfTheirFiles) {
    const std::string pairs =
        "Ip: Forwarding InHdrErrors\nIp: 2 13\nUdp: InDatagrams NoPorts\nUdp: 3 17\n";
    EXPECT_EQ(counter_in_pairs(pairs, "Ip", "InHdrErrors"), 13);
    EXPECT_EQ(counter_in_pairs(pairs, "Udp", "NoPorts"), 17);
    EXPECT_EQ(counter_in_pairs(pairs, "Udp", "InHdrErrors"), -1) << "that is one of Ip";
    EXPECT_EQ(counter_in_pairs(pairs, "UdpLite", "NoPorts"), -1);
    EXPECT_EQ(counter_in_pairs("Ip: A B\nIp: 1\n", "Ip", "B"), -1) << "a value is missing";
    EXPECT_EQ(counter_in_pairs("Ip: A\nIp: x\n", "Ip", "A"), -1) << "not a number";
    EXPECT_EQ(counter_in_list("Ip6InReceives  5\nIp6InDiscards\t19\n", "Ip6InDiscards"), 19);
    EXPECT_EQ(counter_in_list("Ip6InDiscards\n", "Ip6InDiscards"), -1);
    const std::string devices =
        "Inter-| Receive\n face |bytes packets errs drop\n    lo: 1 2 3 4 5\n  lab1: 7 8 9 23 0\n";
    EXPECT_EQ(rx_dropped_of_device(devices, "lab1"), 23);
    EXPECT_EQ(rx_dropped_of_device(devices, "lab"), -1);
    EXPECT_EQ(rx_dropped_of_device("lab1: 7 8\n", "lab1"), -1);
}

}  // namespace
}  // namespace whydrop
