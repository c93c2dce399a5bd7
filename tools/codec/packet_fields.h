// SPDX-License-Identifier: GPL-2.0-or-later
// The JSON fields of a decoded packet. Numbers that a header carries are written as numbers.
#pragma once

#include "codec/archive.h"
#include "model/packet.h"

namespace whydrop {

template <>
struct EnumNames<PacketType> {
    static constexpr std::pair<PacketType, const char *> all[] = {
        {PacketType::host, "host"},           {PacketType::broadcast, "broadcast"},
        {PacketType::multicast, "multicast"}, {PacketType::other_host, "other_host"},
        {PacketType::outgoing, "outgoing"},   {PacketType::loopback, "loopback"},
        {PacketType::user, "user"},           {PacketType::kernel, "kernel"}};
};
template <>
struct EnumNames<Direction> {
    static constexpr std::pair<Direction, const char *> all[] = {
        {Direction::unknown, "unknown"}, {Direction::in, "in"}, {Direction::out, "out"}};
};
template <>
struct EnumNames<ChecksumState> {
    static constexpr std::pair<ChecksumState, const char *> all[] = {
        {ChecksumState::none, "none"},
        {ChecksumState::unnecessary, "unnecessary"},
        {ChecksumState::complete, "complete"},
        {ChecksumState::partial, "partial"}};
};
template <>
struct EnumNames<LinkType> {
    static constexpr std::pair<LinkType, const char *> all[] = {
        {LinkType::ethernet, "ethernet"}, {LinkType::ip, "ip"}, {LinkType::none, "none"}};
};
template <>
struct EnumNames<TunnelKind> {
    static constexpr std::pair<TunnelKind, const char *> all[] = {
        {TunnelKind::vxlan, "vxlan"}, {TunnelKind::geneve, "geneve"},
        {TunnelKind::gre, "gre"},     {TunnelKind::ipip, "ipip"},
        {TunnelKind::sit, "sit"},     {TunnelKind::ip6tnl, "ip6tnl"}};
};

template <>
struct Fields<Ethernet> {
    static void visit(auto &a, auto &v) {
        a("dst", v.dst);
        a("src", v.src);
        a("ethertype", v.ethertype);
    }
};

template <>
struct Fields<Vlan> {
    static void visit(auto &a, auto &v) {
        a("tpid", v.tpid);
        a("id", v.id);
        a("priority", v.priority);
        a.unless_empty("drop_eligible", v.drop_eligible);
        a.unless_empty("in_metadata", v.in_metadata);
    }
};

template <>
struct Fields<Arp> {
    static void visit(auto &a, auto &v) {
        a("operation", v.operation);
        a("sender_mac", v.sender_mac);
        a("sender", v.sender);
        a("target_mac", v.target_mac);
        a("target", v.target);
    }
};

template <>
struct Fields<Ipv4> {
    static void visit(auto &a, auto &v) {
        a("src", v.src);
        a("dst", v.dst);
        a("header_bytes", v.header_bytes);
        a("tos", v.tos);
        a("ttl", v.ttl);
        a("protocol", v.protocol);
        a("total_bytes", v.total_bytes);
        a("id", v.id);
        a.unless_empty("fragment_offset_bytes", v.fragment_offset);
        a.unless_empty("dont_fragment", v.dont_fragment);
        a.unless_empty("more_fragments", v.more_fragments);
        a("checksum", v.checksum);
        a("right_checksum", v.right_checksum);
        a.unless_empty("options", v.options);
    }
};

template <>
struct Fields<Ipv6> {
    static void visit(auto &a, auto &v) {
        a("src", v.src);
        a("dst", v.dst);
        a("traffic_class", v.traffic_class);
        a("hop_limit", v.hop_limit);
        a("flow_label", v.flow_label);
        a("payload_bytes", v.payload_bytes);
        a("protocol", v.protocol);
        a.unless_empty("extensions", v.extensions);
        a.unless_empty("fragment_offset_bytes", v.fragment_offset);
        a.unless_empty("more_fragments", v.more_fragments);
    }
};

template <>
struct Fields<Tcp> {
    static void visit(auto &a, auto &v) {
        a("sport", v.sport);
        a("dport", v.dport);
        a("seq", v.seq);
        a("ack", v.ack);
        a("header_bytes", v.header_bytes);
        a("flags", v.flags);
        a("window", v.window);
        a("checksum", v.checksum);
        a("right_checksum", v.right_checksum);
    }
};

template <>
struct Fields<Udp> {
    static void visit(auto &a, auto &v) {
        a("sport", v.sport);
        a("dport", v.dport);
        a("length_bytes", v.length_bytes);
        a("checksum", v.checksum);
        a("right_checksum", v.right_checksum);
    }
};

template <>
struct Fields<Icmp> {
    static void visit(auto &a, auto &v) {
        a("icmp_type", v.type);
        a("code", v.code);
        a("checksum", v.checksum);
        a("right_checksum", v.right_checksum);
        a("echo_id", v.echo_id);
        a("echo_seq", v.echo_seq);
    }
};

template <>
struct Fields<Sctp> {
    static void visit(auto &a, auto &v) {
        a("sport", v.sport);
        a("dport", v.dport);
        a("verification_tag", v.verification_tag);
    }
};

template <>
struct Fields<Tunnel> {
    static void visit(auto &a, auto &v) {
        a("kind", v.kind);
        a("id", v.id);
    }
};

template <>
struct Fields<PacketLevel> {
    static void visit(auto &a, auto &v) {
        a("ethernet", v.ethernet);
        a.unless_empty("vlans", v.vlans);
        a.unless_empty("ethertype", v.ethertype);
        a("arp", v.arp);
        a("ipv4", v.ipv4);
        a("ipv6", v.ipv6);
        a.unless_empty("protocol", v.protocol);
        a("tcp", v.tcp);
        a("udp", v.udp);
        a("icmp", v.icmp);
        a("icmpv6", v.icmpv6);
        a("sctp", v.sctp);
        a("tunnel", v.tunnel);
    }
};

template <>
struct Fields<PacketMeta> {
    static void visit(auto &a, auto &v) {
        a("length_bytes", v.length_bytes);
        a("pkt_type", v.type);
        a.unless_empty("direction", v.direction);
        a("checksum_state", v.checksum);
        a.unless_empty("mark", v.mark);
        a.unless_empty("hash", v.hash);
        a.unless_empty("gso_segs", v.gso_segs);
        a.unless_empty("gso_size_bytes", v.gso_size);
        a("ethertype", v.protocol);
        a("vlan", v.vlan);
    }
};

template <>
struct Fields<Packet> {
    static void visit(auto &a, auto &v) {
        if constexpr (!std::remove_cvref_t<decltype(a)>::reading)
            a("text", to_text(v));
        a("link", v.link);
        a("wire_bytes", v.wire_bytes);
        a.hex("bytes_hex", v.bytes);
        Fields<PacketMeta>::visit(a, v.meta);
        a.unless_empty("cut", v.cut);
        a.unless_empty("malformed", v.malformed);
        a.unless_empty("levels", v.levels);
    }
};

}  // namespace whydrop
