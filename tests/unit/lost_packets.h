// SPDX-License-Identifier: GPL-2.0-or-later
// Lost packets as the decoder would give them, made by hand: one that is fine, and one with each
// fault that the rules know how to see.
#pragma once

#include <functional>

#include "explain/host_view.h"
#include "model/drop.h"

namespace whydrop::test {

inline IpAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return {4, {a, b, c, d}};
}

inline const IpAddress our_address = v4(10, 7, 0, 2);
inline const IpAddress peer_address = v4(10, 7, 0, 1);

class OneAddressHost : public HostView {
  public:
    std::optional<bool> is_local_address(uint32_t, const IpAddress &address) const override {
        return address == our_address;
    }
};

// A UDP datagram of 43 bytes on Ethernet, with nothing wrong in it.
inline DropRecord good_udp() {
    DropRecord drop;
    drop.packet.wire_bytes = 14 + 43;
    drop.packet.link = LinkType::ethernet;
    drop.packet.meta.protocol = 0x0800;
    drop.dev = Device{"eth0", 3, 17};
    PacketLevel &level = drop.packet.levels.emplace_back();
    level.ethernet.emplace().ethertype = 0x0800;
    level.ethertype = 0x0800;
    Ipv4 &ip = level.ipv4.emplace();
    ip.src = peer_address;
    ip.dst = our_address;
    ip.header_bytes = 20;
    ip.total_bytes = 43;
    ip.ttl = 61;
    ip.protocol = level.protocol = 17;
    ip.checksum = 0x1b2c;
    ip.right_checksum = 0x1b2c;
    level.udp =
        Udp{.sport = 4001, .dport = 5003, .length_bytes = 23, .checksum = 7, .right_checksum = 7};
    return drop;
}

inline PacketLevel &level_of(DropRecord &drop) {
    return drop.packet.levels.front();
}

inline DropRecord tcp_with_sum(uint8_t flags, uint16_t right_checksum) {
    DropRecord drop = good_udp();
    PacketLevel &level = level_of(drop);
    level.udp.reset();
    level.protocol = level.ipv4->protocol = 6;
    level.tcp = Tcp{.sport = 4001,
                    .dport = 83,
                    .header_bytes = 20,
                    .flags = flags,
                    .checksum = 0x4711,
                    .right_checksum = right_checksum};
    return drop;
}
inline DropRecord good_tcp(uint8_t flags) {
    return tcp_with_sum(flags, 0x4711);
}
inline DropRecord bad_tcp_sum() {
    return tcp_with_sum(2, 0x4712);
}

inline DropRecord good_udp6() {
    DropRecord drop = good_udp();
    PacketLevel &level = level_of(drop);
    level.ipv4.reset();
    level.ethertype = drop.packet.meta.protocol = 0x86dd;
    Ipv6 &ip = level.ipv6.emplace();
    ip.src.family = ip.dst.family = 6;
    ip.src.bytes[0] = ip.dst.bytes[0] = 0xfd;
    ip.hop_limit = 61;
    ip.payload_bytes = 23;
    ip.protocol = 17;
    drop.packet.wire_bytes = 14 + 40 + 23;
    return drop;
}

// The packets of the facts: one thing is wrong with each.
using Change = std::function<void(DropRecord &)>;
inline DropRecord udp_but(const Change &change) {
    DropRecord drop = good_udp();
    change(drop);
    return drop;
}

inline DropRecord other_host() {
    return udp_but([](DropRecord &d) { d.packet.meta.type = PacketType::other_host; });
}
inline DropRecord too_long() {
    return udp_but([](DropRecord &d) { level_of(d).ipv4->total_bytes += 14; });
}
inline DropRecord bad_ip_sum() {
    return udp_but([](DropRecord &d) { level_of(d).ipv4->checksum ^= 1; });
}
inline DropRecord bad_udp_sum() {
    return udp_but([](DropRecord &d) { level_of(d).udp->checksum ^= 1; });
}
inline DropRecord from(const IpAddress &source) {
    return udp_but([&](DropRecord &d) { level_of(d).ipv4->src = source; });
}
inline DropRecord protocol(uint8_t number) {
    return udp_but([&](DropRecord &d) {
        level_of(d).udp.reset();
        level_of(d).protocol = level_of(d).ipv4->protocol = number;
    });
}
inline DropRecord with_ttl(uint8_t ttl) {
    return udp_but([&](DropRecord &d) { level_of(d).ipv4->ttl = ttl; });
}
inline DropRecord broken_header() {
    return udp_but([](DropRecord &d) {
        level_of(d).ipv4->header_bytes = 12;
        d.packet.malformed = "IPv4 header length 12, below 20";
    });
}
inline DropRecord stp_frame() {
    DropRecord drop;
    drop.packet.meta.protocol = 4;
    drop.packet.levels.emplace_back().ethertype = 4;
    return drop;
}

}  // namespace whydrop::test
