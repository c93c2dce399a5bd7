// SPDX-License-Identifier: GPL-2.0-or-later
// One whole packet per thing the decoder knows. They are the unit test's, and the fuzzer's seeds.
#pragma once

#include <string>
#include <vector>

#include "model/packet.h"
#include "packet_bytes.h"

namespace whydrop::test {

inline Packet packet_of(Bytes bytes, LinkType link = LinkType::ethernet) {
    Packet packet;
    packet.bytes = std::move(bytes);
    packet.link = link;
    packet.wire_bytes = static_cast<uint32_t>(packet.bytes.size());
    return packet;
}

inline Packet tagged_in_metadata(Bytes bytes) {
    Packet packet = packet_of(std::move(bytes));
    packet.meta.vlan = Vlan{.tpid = 0x8100, .id = 7, .priority = 5};
    return packet;
}

struct Sample {
    const char *name;  // of the seed file
    Packet packet;
    std::string text;  // to_text() of what is decoded
};

// The ends of every frame, as to_text() writes them.
inline const std::string macs = "52:54:00:00:00:0a > 52:54:00:00:00:0b ";

inline std::vector<Sample> link_samples() {
    const Bytes lldp = hex("0207 04") + mac_a + hex("0405 05 65746830 0602 0078 0000");
    const Bytes small = udp(1000, 2000, filled(7));
    return {
        {"arp_request", packet_of(ethernet(0x0806, arp(1) + Bytes(18))),
         macs + "arp who-has 10.0.0.2 tell 10.0.0.1"},
        {"arp_reply", packet_of(ethernet(0x0806, arp(2))),
         macs + "arp reply 10.0.0.1 is-at 52:54:00:00:00:0a"},
        {"llc", packet_of(ethernet(38, hex("42 42 03") + filled(35))), macs + "802.2"},
        {"lldp", packet_of(ethernet(0x88cc, lldp)), macs + "lldp"},
        {"vlan", packet_of(ethernet(0x8100, tag(0x7007, 0x0800, ipv4(17, small)))),
         macs + "vlan 7 10.0.0.1:1000 > 10.0.0.2:2000 udp"},
        {"qinq",
         packet_of(ethernet(0x88a8, tag(101, 0x8100, tag(0xb013, 0x0800, ipv4(17, small))))),
         macs + "vlan 101 vlan 19 10.0.0.1:1000 > 10.0.0.2:2000 udp"},
        {"vlan_metadata", tagged_in_metadata(ethernet(0x8100, tag(19, 0x0800, ipv4(17, small)))),
         macs + "vlan 7 vlan 19 10.0.0.1:1000 > 10.0.0.2:2000 udp"},
    };
}

inline std::vector<Sample> ipv4_samples() {
    const Bytes router_alert = hex("94 04 00 00");
    const Bytes unreachable =
        icmp(3, 3, be32(0) + ipv4(17, be16(53) + be16(4097) + be16(29) + be16(0)));
    const Bytes mss = hex("0204 05b4 0101 0402");
    return {
        {"tcp_syn", packet_of(ethernet(0x0800, ipv4(6, tcp(4001, 80, 2, mss)))),
         macs + "10.0.0.1:4001 > 10.0.0.2:80 tcp [S]"},
        {"tcp_data", packet_of(ipv4(6, tcp(80, 4001, 0x18, {}, filled(31))), LinkType::ip),
         "10.0.0.1:80 > 10.0.0.2:4001 tcp [P.]"},
        {"udp", packet_of(ethernet(0x0800, ipv4(17, udp(1234, 53, filled(29))))),
         macs + "10.0.0.1:1234 > 10.0.0.2:53 udp"},
        {"icmp_echo", packet_of(ethernet(0x0800, ipv4(1, icmp(8, 0, hex("0007 0003 616263"))))),
         macs + "10.0.0.1 > 10.0.0.2 icmp echo request id 7 seq 3"},
        {"icmp_reply", packet_of(ipv4(1, icmp(0, 0, hex("0007 0003") + filled(13))), LinkType::ip),
         "10.0.0.1 > 10.0.0.2 icmp echo reply id 7 seq 3"},
        {"icmp_unreachable", packet_of(ethernet(0x0800, ipv4(1, unreachable))),
         macs + "10.0.0.1 > 10.0.0.2 icmp unreachable code 3"},
        {"ipv4_options",
         packet_of(
             ethernet(0x0800, ipv4(2, icmp(0x16, 0, hex("e00000fb")), {.options = router_alert}))),
         macs + "10.0.0.1 > 10.0.0.2 igmp"},
        {"ipv4_fragment_first",
         packet_of(
             ethernet(0x0800, ipv4(17, be16(1) + be16(2) + be16(2003) + be16(0xabcd) + filled(16),
                                   {.fragment = 0x2000}))),
         macs + "10.0.0.1:1 > 10.0.0.2:2 udp fragment at 0"},
        {"ipv4_fragment_last",
         packet_of(ethernet(0x0800, ipv4(17, filled(16), {.fragment = 0x00b9}))),
         macs + "10.0.0.1 > 10.0.0.2 udp last fragment at 1480"},
        {"ipv4_ah",
         packet_of(ethernet(0x0800, ipv4(51, hex("11 04 0000 00000101 00000001") + filled(12) +
                                                 udp(1000, 2000, filled(5))))),
         macs + "10.0.0.1:1000 > 10.0.0.2:2000 udp"},
        {"sctp", packet_of(ethernet(0x0800, ipv4(132, sctp(36412, 36413)))),
         macs + "10.0.0.1:36412 > 10.0.0.2:36413 sctp"},
    };
}

inline std::vector<Sample> ipv6_samples() {
    const Bytes listener = icmpv6(131, 0, be32(0) + ip6_b);
    const Bytes solicitation = icmpv6(135, 0, be32(0) + ip6_b + hex("0101") + mac_a);
    const Bytes datagram = udp(1000, 2000, filled(9), ip6_a, ip6_b);
    const Bytes to_c = udp(1000, 2000, filled(9), ip6_a, ip6_c);
    return {
        {"ipv6_tcp",
         packet_of(ethernet(0x86dd, ipv6(6, tcp(443, 4001, 0x12, {}, {}, ip6_a, ip6_b)))),
         macs + "[fe80::1]:443 > [fe80::2]:4001 tcp [S.]"},
        {"ipv6_udp", packet_of(ipv6(17, datagram), LinkType::ip),
         "[fe80::1]:1000 > [fe80::2]:2000 udp"},
        {"icmpv6_solicitation", packet_of(ethernet(0x86dd, ipv6(58, solicitation))),
         macs + "fe80::1 > fe80::2 icmpv6 neighbour solicitation"},
        {"ipv6_hop_by_hop",
         packet_of(ethernet(0x86dd, ipv6(0, hex("3a 00 0502 0000 0100") + listener))),
         macs + "fe80::1 > fe80::2 icmpv6 listener report"},
        {"ipv6_destination",
         packet_of(ethernet(0x86dd, ipv6(60, hex("11 01 010c") + Bytes(12) + datagram))),
         macs + "[fe80::1]:1000 > [fe80::2]:2000 udp"},
        {"ipv6_routing_2",
         packet_of(ethernet(0x86dd, ipv6(43, hex("11 02 02 01") + be32(0) + ip6_c + to_c))),
         macs + "[fe80::1]:1000 > [fe80::2]:2000 udp"},
        {"ipv6_srh",
         packet_of(ethernet(0x86dd, ipv6(43, hex("11 04 04 01 01 000000") + ip6_c + ip6_b + to_c))),
         macs + "[fe80::1]:1000 > [fe80::2]:2000 udp"},
        {"ipv6_fragment_first",
         packet_of(ethernet(0x86dd, ipv6(44, hex("11 00 0001 0000002a") + datagram))),
         macs + "[fe80::1]:1000 > [fe80::2]:2000 udp fragment at 0"},
        {"ipv6_fragment_last",
         packet_of(ethernet(0x86dd, ipv6(44, hex("11 00 05a8 0000002a") + filled(11)))),
         macs + "fe80::1 > fe80::2 udp last fragment at 1448"},
        {"ipv6_ah",
         packet_of(ethernet(0x86dd,
                            ipv6(51, hex("11 04 0000 00000101 00000001") + filled(12) + datagram))),
         macs + "[fe80::1]:1000 > [fe80::2]:2000 udp"},
    };
}

inline std::vector<Sample> tunnel_samples() {
    const Bytes inner4 = ipv4(6, tcp(4001, 80, 2, {}, {}, ip4_a, ip4_c), {.dst = ip4_c});
    const Bytes inner6 = ipv6(17, udp(1000, 2000, filled(3), ip6_a, ip6_b));
    const Bytes frame = ethernet(0x0800, inner4);
    const auto to_port = [](uint16_t port, const Bytes &payload) {
        return packet_of(ethernet(0x0800, ipv4(17, udp(40000, port, payload))));
    };
    const Bytes twice =
        udp(40000, 4789, vxlan(43, ethernet(0x0800, ipv4(47, hex("0000 0800") + inner4))));
    const std::string outer4_text = macs + "10.0.0.1 > 10.0.0.2 ";
    const std::string outer4_udp = macs + "10.0.0.1:40000 > 10.0.0.2:";
    const std::string inner4_text = "10.0.0.1:4001 > 192.0.2.3:80 tcp [S]";
    const std::string inner6_text = "[fe80::1]:1000 > [fe80::2]:2000 udp";
    return {
        {"vxlan", to_port(4789, vxlan(42, frame)),
         outer4_udp + "4789 udp, vxlan 42: " + macs + inner4_text},
        {"vxlan_8472", to_port(8472, vxlan(0xabcdef, frame)),
         outer4_udp + "8472 udp, vxlan 11259375: " + macs + inner4_text},
        {"geneve", to_port(6081, geneve(41, 0x6558, hex("0102 80 01 00000005"), frame)),
         outer4_udp + "6081 udp, geneve 41: " + macs + inner4_text},
        {"vxlan_ipv6",
         packet_of(ethernet(0x86dd, ipv6(17, udp(40000, 4789, vxlan(42, frame), ip6_a, ip6_b)))),
         macs + "[fe80::1]:40000 > [fe80::2]:4789 udp, vxlan 42: " + macs + inner4_text},
        {"geneve_ip", to_port(6081, geneve(41, 0x86dd, {}, inner6)),
         outer4_udp + "6081 udp, geneve 41: " + inner6_text},
        {"gre", packet_of(ethernet(0x0800, ipv4(47, hex("0000 0800") + inner4))),
         outer4_text + "gre: " + inner4_text},
        {"gre_all_flags",
         packet_of(
             ethernet(0x0800, ipv4(47, hex("b000 86dd 1111 0000 0000002b 00000009") + inner6))),
         outer4_text + "gre 43: " + inner6_text},
        {"gre_teb", packet_of(ethernet(0x0800, ipv4(47, hex("2000 6558 00000011") + frame))),
         outer4_text + "gre 17: " + macs + inner4_text},
        {"ipip", packet_of(ethernet(0x0800, ipv4(4, inner4))),
         outer4_text + "ipip: " + inner4_text},
        {"sit", packet_of(ethernet(0x0800, ipv4(41, inner6))),
         outer4_text + "ipv6-encap, sit: " + inner6_text},
        {"ip6tnl", packet_of(ethernet(0x86dd, ipv6(41, inner6))),
         macs + "fe80::1 > fe80::2 ipv6-encap, ip6tnl: " + inner6_text},
        {"ip4_in_ip6", packet_of(ethernet(0x86dd, ipv6(4, inner4))),
         macs + "fe80::1 > fe80::2 ipip, ip6tnl: " + inner4_text},
        {"vxlan_gre", packet_of(ethernet(0x0800, ipv4(17, twice))),
         outer4_udp + "4789 udp, vxlan 43: " + outer4_text + "gre: " + inner4_text},
    };
}

inline std::vector<Sample> packet_samples() {
    std::vector<Sample> all;
    for (auto samples : {link_samples(), ipv4_samples(), ipv6_samples(), tunnel_samples()})
        all.insert(all.end(), samples.begin(), samples.end());
    return all;
}

}  // namespace whydrop::test
