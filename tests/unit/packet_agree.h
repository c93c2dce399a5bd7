// SPDX-License-Identifier: GPL-2.0-or-later
// What is decoded of the first bytes of a packet has to be what is decoded of all of it, as far as
// it goes. disagreement() names the first field that is not; "" when there is none.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "model/packet.h"

namespace whydrop::test {

template <class T>
bool is_prefix(const std::vector<T> &part, const std::vector<T> &whole) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

// Absent is agreed with; a value only when it is the same.
template <class T>
bool agrees(const std::optional<T> &part, const std::optional<T> &whole) {
    return !part || part == whole;
}

// Both there, or only the whole; then the fields are looked at by same().
template <class T, class Same>
bool header_agrees(const std::optional<T> &part, const std::optional<T> &whole, Same same) {
    return !part || (whole && same(*part, *whole));
}

inline bool same_ethernet(const Ethernet &a, const Ethernet &b) {
    return a.dst == b.dst && a.src == b.src && a.ethertype == b.ethertype;
}

inline bool same_vlans(const std::vector<Vlan> &part, const std::vector<Vlan> &whole) {
    const auto same = [](const Vlan &a, const Vlan &b) {
        return a.tpid == b.tpid && a.id == b.id && a.priority == b.priority &&
               a.drop_eligible == b.drop_eligible && a.in_metadata == b.in_metadata;
    };
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin(), same);
}

inline bool same_arp(const Arp &a, const Arp &b) {
    return a.operation == b.operation && a.sender_mac == b.sender_mac &&
           a.target_mac == b.target_mac && a.sender == b.sender && a.target == b.target;
}

inline bool same_ipv4(const Ipv4 &part, const Ipv4 &whole) {
    return part.src == whole.src && part.dst == whole.dst &&
           part.header_bytes == whole.header_bytes && part.tos == whole.tos &&
           part.ttl == whole.ttl && part.protocol == whole.protocol &&
           part.total_bytes == whole.total_bytes && part.id == whole.id &&
           part.fragment_offset == whole.fragment_offset &&
           part.dont_fragment == whole.dont_fragment &&
           part.more_fragments == whole.more_fragments && part.checksum == whole.checksum &&
           agrees(part.right_checksum, whole.right_checksum) &&
           is_prefix(part.options, whole.options);
}

inline bool same_ipv6(const Ipv6 &part, const Ipv6 &whole) {
    const bool fixed = part.src == whole.src && part.dst == whole.dst &&
                       part.traffic_class == whole.traffic_class &&
                       part.hop_limit == whole.hop_limit && part.flow_label == whole.flow_label &&
                       part.payload_bytes == whole.payload_bytes &&
                       is_prefix(part.extensions, whole.extensions);
    // Behind an extension header that is missing, all else is still unknown.
    if (!fixed || part.extensions != whole.extensions)
        return fixed;
    return part.protocol == whole.protocol && part.fragment_offset == whole.fragment_offset &&
           part.more_fragments == whole.more_fragments;
}

inline bool same_tcp(const Tcp &a, const Tcp &b) {
    return a.sport == b.sport && a.dport == b.dport && a.seq == b.seq && a.ack == b.ack &&
           a.header_bytes == b.header_bytes && a.flags == b.flags && a.window == b.window &&
           a.checksum == b.checksum;
}

inline bool same_udp(const Udp &part, const Udp &whole) {
    return part.sport == whole.sport && part.dport == whole.dport &&
           part.length_bytes == whole.length_bytes && part.checksum == whole.checksum &&
           agrees(part.right_checksum, whole.right_checksum);
}

inline bool same_icmp(const Icmp &part, const Icmp &whole) {
    return part.type == whole.type && part.code == whole.code && part.checksum == whole.checksum &&
           agrees(part.right_checksum, whole.right_checksum) &&
           agrees(part.echo_id, whole.echo_id) && agrees(part.echo_seq, whole.echo_seq);
}

inline bool same_sctp(const Sctp &a, const Sctp &b) {
    return a.sport == b.sport && a.dport == b.dport && a.verification_tag == b.verification_tag;
}

inline bool same_tunnel(const Tunnel &part, const Tunnel &whole) {
    return part.kind == whole.kind && agrees(part.id, whole.id);
}

inline std::string level_disagreement(const PacketLevel &part, const PacketLevel &whole) {
    if (!header_agrees(part.ethernet, whole.ethernet, same_ethernet))
        return "ethernet";
    if (!same_vlans(part.vlans, whole.vlans))
        return "vlans";
    if (part.ethertype != 0 && part.ethertype != whole.ethertype)
        return "ethertype";
    if (!header_agrees(part.arp, whole.arp, same_arp))
        return "arp";
    if (!header_agrees(part.ipv4, whole.ipv4, same_ipv4))
        return "ipv4";
    if (!header_agrees(part.ipv6, whole.ipv6, same_ipv6))
        return "ipv6";
    if (!header_agrees(part.tcp, whole.tcp, same_tcp))
        return "tcp";
    if (!header_agrees(part.udp, whole.udp, same_udp))
        return "udp";
    if (!header_agrees(part.icmp, whole.icmp, same_icmp))
        return "icmp";
    if (!header_agrees(part.icmpv6, whole.icmpv6, same_icmp))
        return "icmpv6";
    if (!header_agrees(part.sctp, whole.sctp, same_sctp))
        return "sctp";
    if (!header_agrees(part.tunnel, whole.tunnel, same_tunnel))
        return "tunnel";
    return "";
}

inline std::string disagreement(const Packet &part, const Packet &whole) {
    if (part.levels.size() > whole.levels.size())
        return "more levels";
    for (size_t i = 0; i < part.levels.size(); i++) {
        const std::string field = level_disagreement(part.levels[i], whole.levels[i]);
        if (!field.empty())
            return "level " + std::to_string(i) + " " + field;
        const bool last = i + 1 == part.levels.size();
        if (!last && part.levels[i].protocol != whole.levels[i].protocol)
            return "level " + std::to_string(i) + " protocol";
    }
    return "";
}

}  // namespace whydrop::test
