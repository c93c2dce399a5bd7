// SPDX-License-Identifier: GPL-2.0-or-later
// Builds packets from the inside out: ethernet(0x0800, ipv4(17, udp(...))). Lengths and checksums
// come out right by themselves, with arithmetic of its own: the decoder is not asked.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace whydrop::test {

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes left, const Bytes &right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

// Pairs of hexadecimal digits; everything else is left out.
inline Bytes hex(std::string_view text) {
    Bytes bytes;
    int high = -1;
    for (const char c : text) {
        int digit = -1;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10;
        if (digit < 0)
            continue;
        if (high >= 0)
            bytes.push_back(static_cast<uint8_t>(high << 4 | digit));
        high = high < 0 ? digit : -1;
    }
    return bytes;
}

inline Bytes be16(size_t number) {
    return {static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
}
inline Bytes be32(size_t number) {
    return be16(number >> 16 & 0xffff) + be16(number & 0xffff);
}
inline Bytes filled(size_t count) {
    Bytes bytes;
    for (size_t i = 0; i < count; i++)
        bytes.push_back(static_cast<uint8_t>(i * 7 + 3));
    return bytes;
}

inline void put16(Bytes &bytes, size_t at, uint16_t number) {
    bytes.at(at) = static_cast<uint8_t>(number >> 8);
    bytes.at(at + 1) = static_cast<uint8_t>(number);
}

// RFC 1071, word by word with the carry added at once.
inline uint16_t internet_checksum(Bytes bytes) {
    if (bytes.size() % 2 != 0)
        bytes.push_back(0);
    uint16_t sum = 0;
    for (size_t i = 0; i < bytes.size(); i += 2) {
        const auto word = static_cast<uint16_t>(bytes[i] << 8 | bytes[i + 1]);
        sum = static_cast<uint16_t>(sum + word);
        if (sum < word)
            sum++;
    }
    return static_cast<uint16_t>(~sum);
}

inline const Bytes mac_a = hex("52:54:00:00:00:0a"), mac_b = hex("52:54:00:00:00:0b");
inline const Bytes ip4_a = {10, 0, 0, 1}, ip4_b = {10, 0, 0, 2}, ip4_c = {192, 0, 2, 3};
inline const Bytes ip6_a = hex("fe80 0000 0000 0000 0000 0000 0000 0001"),
                   ip6_b = hex("fe80 0000 0000 0000 0000 0000 0000 0002"),
                   ip6_c = hex("2001 0db8 0000 0000 0000 0000 0000 0003");

inline Bytes ethernet(uint16_t ethertype, const Bytes &payload) {
    return mac_b + mac_a + be16(ethertype) + payload;
}
// What stands behind the tag's own ethertype.
inline Bytes tag(uint16_t control, uint16_t ethertype, const Bytes &payload) {
    return be16(control) + be16(ethertype) + payload;
}

struct Ipv4Fields {
    Bytes options = {};  // a multiple of four
    uint16_t fragment = 0x4000;
    int total_more = 0;  // added to the true total length
    Bytes src = ip4_a, dst = ip4_b;
};
inline Bytes ipv4(uint8_t protocol, const Bytes &payload, const Ipv4Fields &fields = {}) {
    const size_t header = 20 + fields.options.size();
    Bytes bytes = {static_cast<uint8_t>(0x40 | header / 4), 0};
    bytes = bytes + be16(header + payload.size() + static_cast<size_t>(fields.total_more));
    bytes = bytes + be16(0x1234) + be16(fields.fragment) + Bytes{64, protocol} + be16(0);
    bytes = bytes + fields.src + fields.dst + fields.options;
    put16(bytes, 10, internet_checksum(bytes));
    return bytes + payload;
}
inline Bytes ipv6(uint8_t next, const Bytes &payload, const Bytes &dst = ip6_b) {
    return hex("6000 0000") + be16(payload.size()) + Bytes{next, 64} + ip6_a + dst + payload;
}

// What the checksum of a transport covers besides.
inline Bytes pseudo(const Bytes &src, const Bytes &dst, uint8_t protocol, size_t bytes) {
    return src + dst + be32(bytes) + be32(protocol);
}
inline Bytes with_checksum(Bytes segment, size_t field, const Bytes &besides) {
    uint16_t sum = internet_checksum(besides + segment);
    put16(segment, field, sum);
    return segment;
}

inline Bytes udp(uint16_t sport, uint16_t dport, const Bytes &payload, const Bytes &src = ip4_a,
                 const Bytes &dst = ip4_b) {
    const size_t length = 8 + payload.size();
    return with_checksum(be16(sport) + be16(dport) + be16(length) + be16(0) + payload, 6,
                         pseudo(src, dst, 17, length));
}
inline Bytes tcp(uint16_t sport, uint16_t dport, uint8_t flags, const Bytes &options = {},
                 const Bytes &payload = {}, const Bytes &src = ip4_a, const Bytes &dst = ip4_b) {
    const auto offset = static_cast<uint8_t>((20 + options.size()) / 4 << 4);
    Bytes segment = be16(sport) + be16(dport) + be32(0x01020304) + be32(0x05060708);
    segment = segment + Bytes{offset, flags} + be16(8191) + be32(0) + options + payload;
    return with_checksum(segment, 16, pseudo(src, dst, 6, segment.size()));
}
inline Bytes icmp(uint8_t type, uint8_t code, const Bytes &rest) {
    return with_checksum(Bytes{type, code, 0, 0} + rest, 2, {});
}
inline Bytes icmpv6(uint8_t type, uint8_t code, const Bytes &rest, const Bytes &dst = ip6_b) {
    return with_checksum(Bytes{type, code, 0, 0} + rest, 2,
                         pseudo(ip6_a, dst, 58, 4 + rest.size()));
}
inline Bytes arp(uint16_t operation) {
    return hex("0001 0800 06 04") + be16(operation) + mac_a + ip4_a + mac_b + ip4_b;
}
inline Bytes sctp(uint16_t sport, uint16_t dport) {
    return be16(sport) + be16(dport) + be32(0xdecafbad) + be32(0) + hex("0100 0004");
}
inline Bytes vxlan(uint32_t vni, const Bytes &frame) {
    return hex("08 000000") + be32(vni << 8) + frame;
}
// options: a multiple of four
inline Bytes geneve(uint32_t vni, uint16_t ethertype, const Bytes &options, const Bytes &payload) {
    return Bytes{static_cast<uint8_t>(options.size() / 4), 0} + be16(ethertype) + be32(vni << 8) +
           options + payload;
}

}  // namespace whydrop::test
