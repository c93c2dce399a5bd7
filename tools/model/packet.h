// SPDX-License-Identifier: GPL-2.0-or-later
// A decoded packet: levels from the outermost (what was on the wire) to the innermost (what a
// tunnel carries). Whatever the bytes did not hold is absent, never zero. All numbers are in host
// order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace whydrop {

using MacAddress = std::array<uint8_t, 6>;

struct IpAddress {
    uint8_t family = 0;               // 4 or 6; 0: none
    std::array<uint8_t, 16> bytes{};  // network order; IPv4 uses the first four

    bool operator==(const IpAddress &) const = default;
    auto operator<=>(const IpAddress &) const = default;
};

struct Ethernet {  // IEEE 802.3
    MacAddress dst{}, src{};
    uint16_t ethertype = 0;  // the first one, before any tag is peeled off
};

struct Vlan {  // IEEE 802.1Q, 802.1ad
    uint16_t tpid = 0;
    uint16_t id = 0;       // 12 bits
    uint8_t priority = 0;  // 3 bits
    bool drop_eligible = false;
    bool in_metadata = false;  // was in skb->vlan_tci, not in the bytes
};

struct Arp {  // RFC 826, Ethernet and IPv4 only
    uint16_t operation = 0;
    MacAddress sender_mac{}, target_mac{};
    IpAddress sender, target;
};

struct Ipv4 {  // RFC 791
    IpAddress src, dst;
    uint8_t header_bytes = 0;  // 20 to 60; less: the packet is malformed
    uint8_t tos = 0, ttl = 0, protocol = 0;
    uint16_t total_bytes = 0;  // as the header claims
    uint16_t id = 0;
    uint16_t fragment_offset = 0;  // bytes
    bool dont_fragment = false, more_fragments = false;
    uint16_t checksum = 0;                   // as found
    std::optional<uint16_t> right_checksum;  // as it should be; absent when the header is cut
    std::vector<uint8_t> options;            // option types in order, padding left out
};

struct Ipv6 {  // RFC 8200
    IpAddress src, dst;
    uint8_t traffic_class = 0, hop_limit = 0;
    uint32_t flow_label = 0;
    uint16_t payload_bytes = 0;       // as the header claims
    uint8_t protocol = 0;             // of the payload, behind the extension headers
    std::vector<uint8_t> extensions;  // next-header numbers passed on the way
    uint16_t fragment_offset = 0;     // bytes
    bool more_fragments = false;
};

struct Tcp {  // RFC 9293
    uint16_t sport = 0, dport = 0;
    uint32_t seq = 0, ack = 0;
    uint8_t header_bytes = 0;
    uint8_t flags = 0;  // FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128
    uint16_t window = 0, checksum = 0;
    std::optional<uint16_t> right_checksum;  // absent: not all bytes were seen
};

struct Udp {  // RFC 768
    uint16_t sport = 0, dport = 0;
    uint16_t length_bytes = 0;  // as the header claims
    uint16_t checksum = 0;
    // Absent: not all bytes were seen, it is 0 over IPv4 (unused), or it is not filled in yet
    // (ChecksumState::partial).
    std::optional<uint16_t> right_checksum;
};

struct Icmp {  // RFC 792 and RFC 4443
    uint8_t type = 0, code = 0;
    uint16_t checksum = 0;
    std::optional<uint16_t> right_checksum;  // absent: not all bytes were seen, or partial
    std::optional<uint16_t> echo_id, echo_seq;
};

struct Sctp {  // RFC 9260
    uint16_t sport = 0, dport = 0;
    uint32_t verification_tag = 0;
};

enum class TunnelKind { vxlan, geneve, gre, ipip, sit, ip6tnl };

struct Tunnel {  // RFC 7348, 8926, 2784 + 2890, 2003, 4213, 2473
    TunnelKind kind{};
    std::optional<uint32_t> id;  // VNI or GRE key
};

// One level: headers in the order in which they are met. A tunnel ends a level; the next begins.
struct PacketLevel {
    std::optional<Ethernet> ethernet;
    std::vector<Vlan> vlans;  // outermost first
    uint16_t ethertype = 0;   // of the network layer, after the tags; 0: unknown
    std::optional<Arp> arp;
    std::optional<Ipv4> ipv4;
    std::optional<Ipv6> ipv6;
    uint8_t protocol = 0;  // IP protocol of the transport; meaningful when ipv4 or ipv6 is there
    std::optional<Tcp> tcp;
    std::optional<Udp> udp;
    std::optional<Icmp> icmp;    // protocol 1
    std::optional<Icmp> icmpv6;  // protocol 58
    std::optional<Sctp> sctp;
    std::optional<Tunnel> tunnel;
};

enum class ChecksumState {
    none = 0,
    unnecessary = 1,
    complete = 2,
    partial = 3
};  // skb->ip_summed

enum class PacketType {  // skb->pkt_type, include/uapi/linux/if_packet.h
    host = 0,
    broadcast = 1,
    multicast = 2,
    other_host = 3,
    outgoing = 4,
    loopback = 5,
    user = 6,
    kernel = 7,
};

// As the packet's device sees it.
enum class Direction { unknown, in, out };

// What the skb says beside the bytes.
struct PacketMeta {
    Direction direction = Direction::unknown;
    uint32_t length_bytes = 0;  // skb->len at the drop; headers already pulled are not in it
    uint32_t mark = 0, hash = 0;
    PacketType type = PacketType::host;
    ChecksumState checksum = ChecksumState::none;
    uint16_t gso_segs = 0, gso_size = 0;
    uint16_t protocol = 0;     // skb->protocol, an ethertype
    std::optional<Vlan> vlan;  // tag in metadata
};

// Where the copied bytes begin.
enum class LinkType { ethernet, ip, none };  // none: the bytes' kind is not known: not decoded

struct Packet {
    std::vector<uint8_t> bytes;  // from the link header if there is one, else the network header
    LinkType link = LinkType::none;
    uint32_t wire_bytes = 0;  // bytes from the same start in the whole packet; >= bytes.size()
    PacketMeta meta;
    std::vector<PacketLevel> levels;  // outermost first; empty: not decoded
    bool cut = false;                 // a header was expected that is not wholly among the bytes
    std::string
        malformed;  // what is wrong with the headers ("IPv4 header length 3"); empty: nothing
};

// The five-tuple of the innermost level that has addresses.
struct Flow {
    IpAddress src, dst;
    uint16_t sport = 0, dport = 0;  // 0: the protocol has none, or a fragment hides them
    uint8_t protocol = 0;

    bool operator==(const Flow &) const = default;
    auto operator<=>(const Flow &) const = default;
};

// Of one level; absent when it has no IP header, or its addresses were not seen.
std::optional<Flow> flow_of(const PacketLevel &level);

// The bytes as they were on the wire: a tag in metadata is put back.
std::vector<uint8_t> bytes_on_wire(const Packet &packet);

}  // namespace whydrop
