// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <functional>

#include "decode/checksum.h"
#include "decode/packet.h"
#include "packet_samples.h"

namespace whydrop {
namespace {

using namespace test;

TEST(Checksum, Arithmetic) {
    const struct {
        const char *sentence;
        Bytes bytes;
        uint64_t besides;
        uint16_t right;
    } rows[] = {
        {"a header whose checksum is known from elsewhere",
         hex("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7"), 0, 0xb861},
        {"what stands in the field does not matter",
         hex("4500 0073 0000 4000 4011 1234 c0a8 0001 c0a8 00c7"), 0, 0xb861},
        {"an odd byte counts as the high one of a word",
         hex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7 01"), 0, 0xb761},
        {"all zero: ones complement", Bytes(12), 0, 0x0000},
        {"the carry goes round", hex("ffff ffff 0001 0000 0000 0000"), 0, 0xfffe},
        {"what is summed besides counts", Bytes(12), 0x12345, 0xdcb9},
        {"too few bytes for the field", Bytes(11), 0, 0},
        {"both zeros are right: the one found", hex("0000 0000 0000 0000 0000 ffff"), 0, 0xffff},
    };
    for (const auto &row : rows)
        EXPECT_EQ(right_checksum(row.bytes, 10, row.besides), row.right) << row.sentence;
}

std::string described(const std::optional<uint16_t> &right, uint16_t found) {
    if (!right)
        return "unknown";
    return *right == found ? "right" : "wrong";
}

// "ipv4/transport" of the innermost level.
std::string checks(Packet packet) {
    decode_packet(packet);
    const PacketLevel &level = packet.levels.at(packet.levels.size() - 1);
    std::string text =
        level.ipv4 ? described(level.ipv4->right_checksum, level.ipv4->checksum) : "";
    text += "/";
    if (level.udp)
        text += described(level.udp->right_checksum, level.udp->checksum);
    if (level.tcp)
        text += described(level.tcp->right_checksum, level.tcp->checksum);
    if (level.icmp)
        text += described(level.icmp->right_checksum, level.icmp->checksum);
    if (level.icmpv6)
        text += described(level.icmpv6->right_checksum, level.icmpv6->checksum);
    return text;
}

Packet ip_packet(Bytes bytes) {
    return packet_of(std::move(bytes), LinkType::ip);
}
Packet changed(Packet packet, size_t at, uint8_t byte) {
    packet.bytes.at(at) = byte;
    return packet;
}
Packet partial(Packet packet) {
    packet.meta.checksum = ChecksumState::partial;
    return packet;
}
Packet short_by(Packet packet, size_t bytes) {
    packet.bytes.resize(packet.bytes.size() - bytes);
    return packet;
}
Packet zero(Packet packet, size_t at) {
    put16(packet.bytes, at, 0);
    return packet;
}
Packet padded(Packet packet) {
    packet.bytes = packet.bytes + filled(13);
    packet.wire_bytes += 13;
    return packet;
}

TEST(Checksum, OfWholePackets) {
    const Packet v4 = ip_packet(ipv4(17, udp(1000, 2000, filled(7))));
    const Packet v6 = ip_packet(ipv6(17, udp(1000, 2000, filled(7), ip6_a, ip6_b)));
    const Packet ping = ip_packet(ipv4(1, icmp(8, 0, be32(0x00050007) + filled(11))));
    const Packet ping6 = ip_packet(ipv6(58, icmpv6(128, 0, be32(0x00050007) + filled(11))));
    const Packet syn = ip_packet(ipv4(6, tcp(1000, 2000, 2, hex("020405b4"))));
    const Bytes routed =
        hex("11 02 63 01") + be32(0) + ip6_c + udp(1000, 2000, filled(5), ip6_a, ip6_c);
    const struct {
        const char *sentence;
        Packet packet;
        const char *checks;
    } rows[] = {
        {"UDP over IPv4, whole", v4, "right/right"},
        {"IPv4 changed on the way", changed(v4, 8, 63), "wrong/right"},
        {"payload changed on the way", changed(v4, 30, 0), "right/wrong"},
        {"an address rewritten and both sums forgotten", changed(v4, 15, 9), "wrong/wrong"},
        {"no UDP checksum over IPv4", zero(v4, 26), "right/unknown"},
        {"no UDP checksum over IPv6 is wrong", zero(v6, 46), "/wrong"},
        {"the device would have filled it in", partial(changed(v4, 30, 0)), "right/unknown"},
        {"the last byte was not copied", short_by(v4, 1), "right/unknown"},
        {"padding of the frame is not summed", padded(v4), "right/right"},
        {"padding behind ICMP is not summed", padded(ping), "right/right"},
        {"UDP over IPv6", v6, "/right"},
        {"UDP over IPv6, changed", changed(v6, 50, 0), "/wrong"},
        {"ping", ping, "right/right"},
        {"ping, changed", changed(ping, 29, 0xff), "right/wrong"},
        {"ping, cut", short_by(ping, 3), "right/unknown"},
        {"TCP with an option", syn, "right/right"},
        {"TCP, a port rewritten", changed(syn, 21, 9), "right/wrong"},
        {"TCP with padding behind it", padded(syn), "right/right"},
        {"TCP whose last byte was not copied", short_by(syn, 1), "right/unknown"},
        {"ping over IPv6", ping6, "/right"},
        {"ping over IPv6, an address changed", changed(ping6, 23, 9), "/wrong"},
        {"ICMP where IPv6 wants ICMPv6", ip_packet(ipv6(1, icmp(8, 0, be32(0)))), "/unknown"},
        {"a fragment has not all of it",
         ip_packet(ipv4(17, udp(1000, 2000, filled(8)), {.fragment = 0x2000})), "right/unknown"},
        {"a routing header of an unknown type hides the destination", ip_packet(ipv6(43, routed)),
         "/unknown"},
        {"a routing header with nowhere left to go hides nothing",
         changed(ip_packet(ipv6(43, routed, ip6_c)), 43, 0), "/right"},
        {"IPv4 claims more than there is: ICMP cannot be summed",
         ip_packet(ipv4(1, icmp(8, 0, be32(7)), {.total_more = 2})), "right/unknown"},
        {"IPv4 options cut", short_by(ip_packet(ipv4(17, {}, {.options = hex("94 04 00 00")})), 2),
         "unknown/"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(checks(row.packet), row.checks) << row.sentence;
}

TEST(Checksum, TheRightValueIsTold) {
    Packet packet = zero(ip_packet(hex("4500 001c 0000 4000 4001 0000 c0a8 0001 c0a8 00c7") +
                                   icmp(8, 0, be32(0x00010001))),
                         22);
    decode_packet(packet);
    EXPECT_EQ(packet.levels.at(0).ipv4->right_checksum, 0xb8c8);
    EXPECT_EQ(packet.levels.at(0).icmp->right_checksum, 0xf7fd);
}

TEST(Checksum, AUdpChecksumOfZeroIsSentAsOnes) {
    Bytes datagram = udp(1000, 2000, Bytes(2));
    put16(datagram, 8, static_cast<uint16_t>(datagram[6] << 8 | datagram[7]));
    for (const uint16_t found : {0x0001, 0xffff}) {
        put16(datagram, 6, found);
        Packet packet = ip_packet(ipv4(17, datagram));
        decode_packet(packet);
        EXPECT_EQ(packet.levels.at(0).udp->right_checksum, 0xffff) << found;
    }
}

TEST(Checksum, BigTcpIsNotMalformed) {
    const Bytes segment = tcp(4001, 80, 0x10, {}, filled(37), ip6_a, ip6_b);
    const auto decode_gso = [](Bytes bytes, uint16_t gso_size) {
        Packet packet = ip_packet(std::move(bytes));
        packet.meta.gso_size = gso_size;
        decode_packet(packet);
        return packet;
    };
    Bytes v4 = ipv4(6, tcp(4001, 80, 0x10, {}, filled(37)));
    put16(v4, 2, 0);
    Bytes v6 = ipv6(6, segment);
    put16(v6, 4, 0);
    for (const Bytes &bytes : {v4, v6}) {
        const Packet big = decode_gso(bytes, 1448);
        EXPECT_EQ(big.malformed, "");
        EXPECT_EQ(big.levels.at(0).tcp.value().dport, 80);
        EXPECT_NE(decode_gso(bytes, 0).malformed, "");
    }
    Bytes jumbogram = ipv6(0, hex("06 00 c2 04 0001 0000") + segment);
    put16(jumbogram, 4, 0);
    EXPECT_EQ(decode_gso(jumbogram, 0).levels.at(0).tcp.value().dport, 80);
}

}  // namespace
}  // namespace whydrop
