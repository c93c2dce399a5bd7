// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/packet.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "../fuzz/packet_input.h"
#include "model/text.h"
#include "packet_agree.h"
#include "packet_samples.h"

namespace whydrop {
namespace {

using namespace test;

Packet decoded(Packet packet) {
    decode_packet(packet);
    return packet;
}
Packet decoded(const Bytes &bytes, LinkType link = LinkType::ip) {
    return decoded(packet_of(bytes, link));
}

// Only the first bytes were copied.
Packet first_bytes(Packet packet, size_t count) {
    packet.bytes = Bytes(packet.bytes.begin(), packet.bytes.begin() + static_cast<long>(count));
    return packet;
}

TEST(Packet, EverySampleReadsAsItWasBuilt) {
    for (const Sample &sample : packet_samples()) {
        const Packet packet = decoded(sample.packet);
        EXPECT_EQ(to_text(packet), sample.text) << sample.name;
        EXPECT_EQ(packet.malformed, "") << sample.name;
        EXPECT_FALSE(packet.cut) << sample.name;
    }
}

TEST(Packet, EverySampleHasRightChecksums) {
    size_t checked = 0;
    for (const Sample &sample : packet_samples()) {
        for (const PacketLevel &level : decoded(sample.packet).levels) {
            const auto check = [&](const auto &header) {
                if (header && header->right_checksum) {
                    EXPECT_EQ(header->checksum, *header->right_checksum) << sample.name;
                    checked++;
                }
            };
            check(level.ipv4);
            check(level.udp);
            check(level.icmp);
            check(level.icmpv6);
        }
    }
    EXPECT_EQ(checked, 59u);
}

TEST(Packet, EveryTruncationIsCutAndAgreesWithTheWhole) {
    for (const Sample &sample : packet_samples()) {
        const Packet whole = decoded(sample.packet);
        for (size_t count = 0; count < whole.bytes.size(); count++) {
            const Packet part = decoded(first_bytes(sample.packet, count));
            EXPECT_EQ(disagreement(part, whole), "") << sample.name << " at " << count;
            EXPECT_EQ(part.malformed, "") << sample.name << " at " << count;
            // When nothing is cut, only payload is missing.
            EXPECT_TRUE(part.cut || to_text(part) == sample.text) << sample.name << " at " << count;
        }
        EXPECT_TRUE(decoded(first_bytes(sample.packet, 0)).cut) << sample.name;
    }
}

TEST(Packet, EveryShortPacketIsMalformedWhereItsHeadersEnd) {
    for (const Sample &sample : packet_samples()) {
        const Packet whole = decoded(sample.packet);
        for (size_t count = 1; count < whole.bytes.size(); count++) {
            Packet part = first_bytes(sample.packet, count);
            part.wire_bytes = static_cast<uint32_t>(count);
            decode_packet(part);
            EXPECT_EQ(disagreement(part, whole), "") << sample.name << " at " << count;
            const bool fragment = sample.text.find("fragment") != std::string::npos;
            EXPECT_TRUE(!part.cut || fragment || !part.malformed.empty())
                << sample.name << " at " << count;
        }
    }
}

TEST(Packet, DecodingAgainChangesNothing) {
    for (const Sample &sample : packet_samples()) {
        Packet packet = decoded(sample.packet);
        decode_packet(packet);
        EXPECT_EQ(to_text(packet), sample.text) << sample.name;
    }
}

TEST(Packet, TheFuzzersSeedsAreTheSamples) {
    const std::filesystem::path corpus = WHYDROP_SOURCE "/tests/fuzz/corpus/packet";
    std::set<std::string> names;
    for (const Sample &sample : packet_samples()) {
        std::ifstream file(corpus / sample.name, std::ios::binary);
        const Bytes seed{std::istreambuf_iterator<char>(file), {}};
        EXPECT_EQ(seed, fuzz_from_packet(sample.packet))
            << sample.name << " is not as packet_seeds writes it";
        EXPECT_EQ(to_text(decoded(packet_from_fuzz(seed))), sample.text) << sample.name;
        names.insert(sample.name);
    }
    EXPECT_EQ(names.size(), 41u);
    // What the fuzzer finds belongs into the build directory.
    size_t files = 0;
    for ([[maybe_unused]] const auto &file : std::filesystem::directory_iterator(corpus))
        files++;
    EXPECT_EQ(files, names.size());
}

struct Row {
    const char *sentence;
    Packet packet;
    std::string text;
};

void expect_rows(const std::vector<Row> &rows) {
    for (const Row &row : rows)
        EXPECT_EQ(to_text(decoded(row.packet)), row.text) << row.sentence;
}

Packet claimed(Packet packet, uint16_t protocol) {
    packet.meta.protocol = protocol;
    return packet;
}

TEST(Packet, WhereTheBytesBegin) {
    const Bytes v4 = ipv4(17, udp(1000, 2000, filled(5)));
    const Bytes v6 = ipv6(17, udp(1000, 2000, filled(5), ip6_a, ip6_b));
    const std::string v4_text = "10.0.0.1:1000 > 10.0.0.2:2000 udp";
    const std::string v6_text = "[fe80::1]:1000 > [fe80::2]:2000 udp";
    const auto ip = LinkType::ip;
    expect_rows({
        {"nothing is tried without a link type", packet_of(v4, LinkType::none), ""},
        {"no bytes at all", packet_of({}, ip), ""},
        {"no bytes, but a protocol", claimed(packet_of({}, ip), 0x0800), "ipv4 [cut]"},
        {"the version says IPv4 where no protocol is set", packet_of(v4, ip), v4_text},
        {"the version says IPv6 where no protocol is set", packet_of(v6, ip), v6_text},
        {"the version wins over the protocol of an outer header",
         claimed(packet_of(v6, ip), 0x0800), v6_text},
        {"a version that is none is told", claimed(packet_of(hex("30") + filled(22), ip), 0x0800),
         "ipv4 [IPv4 header with version 3]"},
        {"no version, no protocol: nothing", packet_of(filled(23), ip), ""},
        {"another protocol is not mistaken for IP", claimed(packet_of(v4, ip), 0x88cc), "lldp"},
        {"ARP without its Ethernet header", claimed(packet_of(arp(1), ip), 0x0806),
         "arp who-has 10.0.0.2 tell 10.0.0.1"},
        {"a tag that is still in the bytes", claimed(packet_of(tag(11, 0x86dd, v6), ip), 0x8100),
         "vlan 11 " + v6_text},
        {"the ethertype is not checked by the version",
         packet_of(ethernet(0x0800, v6), LinkType::ethernet),
         macs + "ipv4 [IPv4 header with version 6]"},
        {"ARP of another kind of network has no addresses we know",
         claimed(packet_of(hex("0006 0800 06 04 0001") + filled(20), ip), 0x0806), "arp"},
    });
}

TEST(Packet, WhatIsWrongWithTheHeaders) {
    const Bytes plain = ipv4(17, udp(1000, 2000, filled(5)));
    const auto changed = [&plain](size_t at, uint8_t byte, Bytes base = {}) {
        Bytes bytes = base.empty() ? plain : base;
        bytes.at(at) = byte;
        return packet_of(bytes, LinkType::ip);
    };
    const std::string flow = "10.0.0.1:1000 > 10.0.0.2:2000 udp";
    const Bytes segment = ipv4(6, tcp(4001, 80, 2));
    const Bytes overlay = ipv4(17, udp(1, 4789, vxlan(3, {})));
    const auto to_port = [](uint16_t port, const Bytes &payload) {
        return packet_of(ipv4(17, udp(1, port, payload)), LinkType::ip);
    };
    Bytes no_end;
    for (int i = 0; i < 33; i++)
        no_end = no_end + hex("3c 00") + Bytes(6);
    expect_rows({
        {"IPv4 header length below the fixed part", changed(0, 0x43),
         "10.0.0.1 > 10.0.0.2 udp [IPv4 header length 12, below 20]"},
        {"IPv4 header longer than the packet", changed(0, 0x4f),
         "10.0.0.1 > 10.0.0.2 udp [IPv4 total length 33, below the header's 60]"},
        {"IPv4 total length below the header", changed(3, 19),
         flow + " [IPv4 total length 19, below the header's 20]"},
        {"IPv4 total length that leaves half a UDP header", changed(3, 24),
         "10.0.0.1 > 10.0.0.2 udp [UDP header of 8 bytes, 4 left in the packet]"},
        {"IPv4 total length beyond the wire is for others to compare", changed(3, 47), flow},
        {"IPv4 option of length 1",
         packet_of(ipv4(17, udp(1000, 2000, {}), {.options = hex("44 01 00 00")}), LinkType::ip),
         flow + " [IPv4 option 68 length 1]"},
        {"IPv4 option longer than the header",
         packet_of(ipv4(17, udp(1000, 2000, {}), {.options = hex("01 44 04 00")}), LinkType::ip),
         flow + " [IPv4 option 68 length 4]"},
        {"IPv4 options end at zero",
         packet_of(ipv4(17, udp(1000, 2000, {}), {.options = hex("00 44 01 00")}), LinkType::ip),
         flow},
        {"UDP length below its header", changed(25, 7), flow + " [UDP length 7, below 8]"},
        {"UDP length zero over IPv4", changed(25, 0), flow + " [UDP length 0, below 8]"},
        {"UDP length beyond what IP carries", changed(25, 14),
         flow + " [UDP length 14, but IP carries 13 bytes]"},
        {"TCP header length below the fixed part", changed(32, 0x40, segment),
         "10.0.0.1:4001 > 10.0.0.2:80 tcp [S] [TCP header length 16, below 20]"},
        {"TCP header longer than the packet", changed(32, 0x60, segment),
         "10.0.0.1:4001 > 10.0.0.2:80 tcp [S] [TCP header of 24 bytes, 20 left in the packet]"},
        {"IPv6 payload length zero with a payload",
         changed(5, 0, ipv6(17, udp(1000, 2000, {}, ip6_a, ip6_b))),
         "fe80::1 > fe80::2 udp [UDP header of 8 bytes, 0 left in the packet]"},
        {"IPv6 with nothing in it", packet_of(ipv6(59, {}), LinkType::ip),
         "fe80::1 > fe80::2 ipv6-nonxt"},
        {"hop-by-hop options that are not first",
         packet_of(ipv6(60, hex("00 00 0104 00000000 3b 00 0104 00000000")), LinkType::ip),
         "fe80::1 > fe80::2 ipv6-nonxt [IPv6 hop-by-hop options behind another extension header]"},
        {"extension headers without end", packet_of(ipv6(60, no_end), LinkType::ip),
         "fe80::1 > fe80::2 ipv6-opts [more than 32 IPv6 extension headers]"},
        {"an extension header longer than the packet",
         packet_of(ipv6(43, hex("11 05") + Bytes(6)), LinkType::ip),
         "fe80::1 > fe80::2 ipv6-route [IPv6 extension header of 48 bytes, 8 left in the packet]"},
        {"ARP with addresses of another length",
         claimed(packet_of(hex("0001 0800 06 10") + filled(23), LinkType::ip), 0x0806),
         "arp [ARP address lengths 6 and 16, not 6 and 4]"},
        {"a first fragment holds only half of a TCP header: the rest is in the next",
         packet_of(ipv4(6, filled(16), {.fragment = 0x2000}) + Bytes(11), LinkType::ip),
         "10.0.0.1 > 10.0.0.2 tcp fragment at 0 [cut]"},
        {"a UDP length that ends before the VXLAN header does", changed(25, 13, overlay),
         "10.0.0.1:1 > 10.0.0.2:4789 udp [VXLAN header of 8 bytes, 5 left in the packet]"},
        {"VXLAN without a VNI", to_port(4789, Bytes(8)),
         "10.0.0.1:1 > 10.0.0.2:4789 udp [VXLAN flags 0x00, without the one for a VNI]"},
        {"port 8472 is not only VXLAN's", to_port(8472, Bytes(8)),
         "10.0.0.1:1 > 10.0.0.2:8472 udp"},
        {"port 8472 with little in it", to_port(8472, {8}), "10.0.0.1:1 > 10.0.0.2:8472 udp"},
        {"Geneve of another version", to_port(6081, hex("40 00 6558 00000100")),
         "10.0.0.1:1 > 10.0.0.2:6081 udp [Geneve version 1]"},
        {"GRE of another version", packet_of(ipv4(47, hex("0002 0800")), LinkType::ip),
         "10.0.0.1 > 10.0.0.2 gre [GRE version 2]"},
        {"GRE version 1 is PPTP: seen, not followed",
         packet_of(ipv4(47, hex("3001 880b 0004 0007") + filled(8)), LinkType::ip),
         "10.0.0.1 > 10.0.0.2 gre"},
        {"GRE keepalive: nothing inside", packet_of(ipv4(47, hex("0000 0000")), LinkType::ip),
         "10.0.0.1 > 10.0.0.2 gre"},
        {"GRE with something we do not decode",
         packet_of(ipv4(47, hex("0000 8847") + filled(5)), LinkType::ip),
         "10.0.0.1 > 10.0.0.2 gre: mpls"},
    });
}

TEST(Packet, DepthIsBounded) {
    Bytes nested = ipv4(17, udp(1000, 2000, {}));
    for (int tunnels = 0; tunnels < 7; tunnels++)
        nested = ipv4(4, nested);
    EXPECT_EQ(decoded(nested).levels.size(), 8u);
    EXPECT_EQ(decoded(nested).malformed, "");
    EXPECT_TRUE(decoded(nested).levels.back().udp);
    const Packet deeper = decoded(ipv4(4, nested));
    EXPECT_EQ(deeper.levels.size(), 8u);
    EXPECT_EQ(deeper.malformed, "more than 7 nested tunnels");

    Bytes tags = tag(13, 0x0800, ipv4(59, {}));
    for (int count = 1; count < 17; count++)
        tags = tag(13, 0x8100, tags);
    const Packet tagged = decoded(ethernet(0x8100, tags), LinkType::ethernet);
    EXPECT_EQ(tagged.levels.at(0).vlans.size(), 16u);
    EXPECT_EQ(tagged.malformed, "more than 16 VLAN tags");
}

TEST(Packet, Ipv4Fields) {
    Bytes bytes = ipv4(17, udp(1000, 2000, filled(3)), {.options = hex("01 44 04 05 00 83 03 04")});
    bytes.at(1) = 0xb9;
    bytes.at(8) = 61;
    const Packet packet = decoded(bytes);
    const Ipv4 &ip = packet.levels.at(0).ipv4.value();
    EXPECT_EQ(ip.header_bytes, 28);
    EXPECT_EQ(ip.tos, 0xb9);
    EXPECT_EQ(ip.ttl, 61);
    EXPECT_EQ(ip.protocol, 17);
    EXPECT_EQ(ip.total_bytes, 39);
    EXPECT_EQ(ip.id, 0x1234);
    EXPECT_TRUE(ip.dont_fragment);
    EXPECT_FALSE(ip.more_fragments);
    EXPECT_EQ(ip.fragment_offset, 0);
    EXPECT_EQ(ip.options, (std::vector<uint8_t>{68, 131}));
    EXPECT_EQ(packet.levels.at(0).ethertype, 0x0800);
    EXPECT_FALSE(packet.levels.at(0).udp->right_checksum) << "a source route hides the destination";
}

TEST(Packet, Ipv6Fields) {
    Bytes bytes = ipv6(0, hex("2c 00 0104 00000000") + hex("06 00 0000 00000011") +
                              tcp(443, 4001, 0x11, {}, {}, ip6_a, ip6_b));
    bytes.at(0) = 0x6b;
    bytes.at(1) = 0x91;
    bytes.at(2) = 0x23;
    bytes.at(3) = 0x45;
    const Packet packet = decoded(bytes);
    const Ipv6 &ip = packet.levels.at(0).ipv6.value();
    EXPECT_EQ(ip.traffic_class, 0xb9);
    EXPECT_EQ(ip.flow_label, 0x12345u);
    EXPECT_EQ(ip.payload_bytes, 36);
    EXPECT_EQ(ip.hop_limit, 64);
    EXPECT_EQ(ip.protocol, 6);
    EXPECT_EQ(ip.extensions, (std::vector<uint8_t>{0, 44}));
    EXPECT_FALSE(ip.more_fragments);
    EXPECT_EQ(packet.levels.at(0).protocol, 6);
    EXPECT_EQ(packet.levels.at(0).ethertype, 0x86dd);
    const Tcp &segment = packet.levels.at(0).tcp.value();
    EXPECT_EQ(segment.sport, 443);
    EXPECT_EQ(segment.dport, 4001);
    EXPECT_EQ(segment.seq, 0x01020304u);
    EXPECT_EQ(segment.ack, 0x05060708u);
    EXPECT_EQ(segment.header_bytes, 20);
    EXPECT_EQ(segment.flags, 0x11);
    EXPECT_EQ(segment.window, 8191);
}

TEST(Packet, LinkFields) {
    const Packet packet =
        decoded(tagged_in_metadata(ethernet(0x88a8, tag(0xd065, 0x0806, arp(2)))));
    const PacketLevel &level = packet.levels.at(0);
    EXPECT_EQ(to_text(level.ethernet->dst), "52:54:00:00:00:0b");
    EXPECT_EQ(level.ethernet->ethertype, 0x88a8);
    EXPECT_EQ(level.ethertype, 0x0806);
    ASSERT_EQ(level.vlans.size(), 2u);
    EXPECT_TRUE(level.vlans[0].in_metadata);
    EXPECT_EQ(level.vlans[0].id, 7);
    EXPECT_EQ(level.vlans[1].tpid, 0x88a8);
    EXPECT_EQ(level.vlans[1].id, 0x65);
    EXPECT_EQ(level.vlans[1].priority, 6);
    EXPECT_TRUE(level.vlans[1].drop_eligible);
    EXPECT_FALSE(level.vlans[1].in_metadata);
    EXPECT_EQ(to_text(level.arp->target_mac), "52:54:00:00:00:0b");
    EXPECT_EQ(to_text(level.arp->target), "10.0.0.2");
}

TEST(Packet, FlowsInsideAndOutside) {
    const auto flows = [](const Packet &packet) {
        const auto outer = outermost_flow(packet), inner = innermost_flow(packet);
        return (outer ? to_text(*outer) : "none") + " | " + (inner ? to_text(*inner) : "none");
    };
    const Bytes inner = ipv4(6, tcp(4001, 80, 2), {.dst = ip4_c});
    const Packet tunnel =
        packet_of(ipv4(17, udp(5, 4789, vxlan(3, ethernet(0x0800, inner)))), LinkType::ip);
    const struct {
        const char *sentence;
        Packet packet;
        const char *flows;
    } rows[] = {
        {"a tunnel has two", tunnel,
         "10.0.0.1:5 > 10.0.0.2:4789 udp | 10.0.0.1:4001 > 192.0.2.3:80 tcp"},
        {"a cut tunnel has the outer one twice", first_bytes(tunnel, 50),
         "10.0.0.1:5 > 10.0.0.2:4789 udp | 10.0.0.1:5 > 10.0.0.2:4789 udp"},
        {"ARP has none", packet_of(ethernet(0x0806, arp(1))), "none | none"},
        {"what is not decoded has none", packet_of(inner, LinkType::none), "none | none"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(flows(decoded(row.packet)), row.flows) << row.sentence;
}

}  // namespace
}  // namespace whydrop
