// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace whydrop {
namespace {

IpAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return {.family = 4, .bytes = {a, b, c, d}};
}
IpAddress v6(std::array<uint16_t, 8> words) {
    IpAddress address{.family = 6};
    for (size_t i = 0; i < words.size(); i++) {
        address.bytes[2 * i] = static_cast<uint8_t>(words[i] >> 8);
        address.bytes[2 * i + 1] = static_cast<uint8_t>(words[i]);
    }
    return address;
}

TEST(Text, Addresses) {
    const struct {
        const char *sentence;
        IpAddress address;
        const char *text;
    } rows[] = {
        {"no address", {}, ""},
        {"a family nobody knows", {.family = 5}, ""},
        {"IPv4", v4(10, 0, 0, 1), "10.0.0.1"},
        {"IPv4, the last", v4(255, 255, 255, 255), "255.255.255.255"},
        {"IPv6, all zero", v6({}), "::"},
        {"IPv6, loopback", v6({0, 0, 0, 0, 0, 0, 0, 1}), "::1"},
        {"leading zeros go, letters are small", v6({0x2001, 0x0DB8, 0, 0, 0, 0, 0, 0xABC}),
         "2001:db8::abc"},
        {"a single zero word stays", v6({1, 0, 3, 4, 5, 6, 7, 8}), "1:0:3:4:5:6:7:8"},
        {"the longer run of zeros goes", v6({1, 0, 0, 4, 0, 0, 0, 8}), "1:0:0:4::8"},
        {"of equal runs the first goes", v6({1, 0, 0, 4, 5, 0, 0, 8}), "1::4:5:0:0:8"},
        {"IPv4 inside", v6({0, 0, 0, 0, 0, 0xffff, 0x0a00, 1}), "::ffff:10.0.0.1"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(to_text(row.address), row.text) << row.sentence;
    EXPECT_EQ(to_text(MacAddress{0x52, 0x54, 0, 0x0a, 0xff, 9}), "52:54:00:0a:ff:09");
}

TEST(Text, Flows) {
    const IpAddress link = v6({0xfe80, 0, 0, 0, 0, 0, 0, 1});
    const struct {
        const char *sentence;
        Flow flow;
        const char *text;
    } rows[] = {
        {"nothing", {}, ""},
        {"IPv4 with ports",
         {v4(10, 0, 0, 1), v4(10, 0, 0, 2), 1234, 80, 6},
         "10.0.0.1:1234 > 10.0.0.2:80 tcp"},
        {"IPv6 with ports", {link, link, 53, 65535, 17}, "[fe80::1]:53 > [fe80::1]:65535 udp"},
        {"IPv6 without", {link, link, 0, 0, 58}, "fe80::1 > fe80::1 icmpv6"},
        {"one port is zero",
         {v4(10, 0, 0, 1), v4(10, 0, 0, 2), 0, 80, 6},
         "10.0.0.1:0 > 10.0.0.2:80 tcp"},
        {"one address is not known", {{}, v4(10, 0, 0, 2), 0, 0, 253}, "? > 10.0.0.2 253"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(to_text(row.flow), row.text) << row.sentence;
}

TEST(Text, Symbols) {
    const struct {
        const char *sentence;
        Symbol symbol;
        const char *text;
    } rows[] = {
        {"nothing is known", {}, "unknown"},
        {"only the address",
         {.address = 0xffffffff81000abc, .name = "", .module = ""},
         "0xffffffff81000abc"},
        {"in the kernel",
         {.address = 1, .name = "ip_rcv_core", .offset = 512, .module = ""},
         "ip_rcv_core+0x200"},
        {"in a module",
         {.address = 1, .name = "do_it", .offset = 11, .module = "bridge"},
         "do_it+0xb [bridge]"},
        {"a name with a hidden address", {.name = "tcp_v4_rcv", .module = ""}, "tcp_v4_rcv+0x0"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(to_text(row.symbol), row.text) << row.sentence;
}

TEST(Text, EthertypesByNameAndNumber) {
    const struct {
        const char *sentence;
        const char *name;
        std::optional<uint16_t> number;
    } rows[] = {
        {"a name", "ipv6", 0x86dd},
        {"in any case", "ARP", 0x0806},
        {"the name pcap has for it", "ip", 0x0800},
        {"a number", "0x88cc", 0x88cc},
        {"a number in capitals", "0X88CC", 0x88cc},
        {"a short number", "0x4", 4},
        {"decimal is for IP protocols", "2048", {}},
        {"too large", "0x10000", {}},
        {"not a number", "0x88cg", {}},
        {"no digits", "0x", {}},
        {"negative", "0x-1", {}},
        {"the name of something else", "tcp", {}},
        {"nothing", "", {}},
        {"half a name", "ipv", {}},
    };
    for (const auto &row : rows)
        EXPECT_EQ(ethertype_number(row.name), row.number) << row.sentence;
    EXPECT_EQ(ethertype_name(0x0800), "ipv4");
    EXPECT_EQ(ethertype_name(0x8100), "vlan");
    EXPECT_EQ(ethertype_name(0xfade), "0xfade");
    EXPECT_EQ(ethertype_name(0), "0x0000");
}

TEST(Text, ProtocolsByNameAndNumber) {
    const struct {
        const char *sentence;
        const char *name;
        std::optional<uint8_t> number;
    } rows[] = {
        {"a name", "tcp", 6},
        {"in any case", "Udp", 17},
        {"another name for it", "icmp6", 58},
        {"a number", "254", 254},
        {"too large", "256", {}},
        {"negative", "-1", {}},
        {"hexadecimal is for ethertypes", "0x11", {}},
        {"trailing", "6 ", {}},
        {"the name of something else", "arp", {}},
        {"nothing", "", {}},
    };
    for (const auto &row : rows)
        EXPECT_EQ(ip_protocol_number(row.name), row.number) << row.sentence;
    EXPECT_EQ(ip_protocol_name(132), "sctp");
    EXPECT_EQ(ip_protocol_name(254), "254");
}

TEST(Text, EveryNumberHasANameOfItsOwnThatLeadsBack) {
    std::set<std::string> names;
    for (uint32_t number = 0; number <= 0xffff; number++) {
        const std::string name = ethertype_name(static_cast<uint16_t>(number));
        EXPECT_EQ(ethertype_number(name), number) << name;
        names.insert(name);
    }
    for (uint32_t number = 0; number <= 0xff; number++) {
        const std::string name = ip_protocol_name(static_cast<uint8_t>(number));
        EXPECT_EQ(ip_protocol_number(name), number) << name;
        names.insert(name);
    }
    EXPECT_EQ(names.size(), 0x10000u + 0x100u);
}

TEST(Text, GroupKeys) {
    EXPECT_EQ(group_key_names(PacketEvent::drop),
              "reason, location, dev, netns, proto, flow, src, dst, stack, comm, pkt_type");
    EXPECT_EQ(group_key_names(PacketEvent::receive),
              "dev, netns, proto, flow, src, dst, stack, comm, pkt_type");
    for (uint32_t bit = 0; bit < 11; bit++) {
        const auto key = static_cast<GroupKey>(1u << bit);
        EXPECT_EQ(group_key_by_name(group_key_name(key)), key) << bit;
    }
    EXPECT_FALSE(group_key_by_name("port"));
    EXPECT_FALSE(group_key_by_name(""));
    EXPECT_EQ(to_text(TunnelKind::ip6tnl), "ip6tnl");
}

Packet line(PacketLevel level) {
    Packet packet;
    packet.levels.push_back(std::move(level));
    return packet;
}
PacketLevel ip_level(uint8_t protocol) {
    PacketLevel level;
    level.ethertype = 0x0800;
    level.ipv4 = Ipv4{};
    level.ipv4->src = v4(10, 0, 0, 1);
    level.ipv4->dst = v4(10, 0, 0, 2);
    level.protocol = protocol;
    return level;
}
Packet tcp_line(uint8_t flags) {
    PacketLevel level = ip_level(6);
    level.tcp = Tcp{.sport = 1, .dport = 2, .flags = flags, .right_checksum = {}};
    return line(level);
}
Packet icmp_line(uint8_t type, uint8_t code) {
    PacketLevel level = ip_level(1);
    level.icmp =
        Icmp{.type = type, .code = code, .right_checksum = {}, .echo_id = {}, .echo_seq = {}};
    return line(level);
}
Packet arp_line(uint16_t operation) {
    PacketLevel level;
    level.arp = Arp{.operation = operation, .sender = v4(10, 0, 0, 1), .target = v4(10, 0, 0, 2)};
    return line(level);
}
Packet marked(bool cut, const char *malformed) {
    Packet packet = tcp_line(2);
    packet.cut = cut;
    packet.malformed = malformed;
    return packet;
}

TEST(Text, Packets) {
    const std::string ends = "10.0.0.1:1 > 10.0.0.2:2 tcp ";
    const struct {
        const char *sentence;
        Packet packet;
        std::string text;
    } rows[] = {
        {"nothing decoded", {}, ""},
        {"no TCP flag", tcp_line(0), ends + "[none]"},
        {"every TCP flag", tcp_line(0xff), ends + "[FSRP.UEW]"},
        {"a reset", tcp_line(0x14), ends + "[R.]"},
        {"an ICMP type with a name", icmp_line(3, 1),
         "10.0.0.1 > 10.0.0.2 icmp unreachable code 1"},
        {"an ICMP type without", icmp_line(77, 0), "10.0.0.1 > 10.0.0.2 icmp type 77"},
        {"ARP that is neither request nor reply", arp_line(9), "arp operation 9"},
        {"cut", marked(true, ""), ends + "[S] [cut]"},
        {"malformed says more than cut", marked(true, "TCP header length 4"),
         ends + "[S] [TCP header length 4]"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(to_text(row.packet), row.text) << row.sentence;
}

}  // namespace
}  // namespace whydrop
