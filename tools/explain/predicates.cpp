// SPDX-License-Identifier: GPL-2.0-or-later
#include "explain/predicates.h"

#include <algorithm>
#include <array>

namespace whydrop {
namespace {

// The level the kernel was looking at: copying starts at the header it had reached, so that the
// outer headers of a tunnel are gone once the tunnel device has taken them off.
const PacketLevel *level_of(const DropRecord &drop) {
    return drop.packet.levels.empty() ? nullptr : &drop.packet.levels.front();
}

const Ipv4 *ipv4_of(const DropRecord &drop) {
    const PacketLevel *level = level_of(drop);
    return level != nullptr && level->ipv4 ? &*level->ipv4 : nullptr;
}

const Ipv6 *ipv6_of(const DropRecord &drop) {
    const PacketLevel *level = level_of(drop);
    return level != nullptr && level->ipv6 ? &*level->ipv6 : nullptr;
}

// Nothing: not decoded, so the network protocol is what skb->protocol says, if it says anything.
Answer has_network(const DropRecord &drop, uint16_t ethertype) {
    const PacketLevel *level = level_of(drop);
    const uint16_t found =
        level != nullptr && level->ethertype != 0 ? level->ethertype : drop.packet.meta.protocol;
    if (found == 0)
        return {};
    return found == ethertype;
}

// As the outermost IP header says; nothing where there is none.
Answer has_transport(const DropRecord &drop, uint8_t protocol) {
    const PacketLevel *level = level_of(drop);
    if (level == nullptr || (!level->ipv4 && !level->ipv6))
        return {};
    return level->protocol == protocol;
}

// Bytes that the packet really has from its network header on.
std::optional<uint32_t> network_bytes(const DropRecord &drop) {
    const PacketLevel *level = level_of(drop);
    if (level == nullptr)
        return {};
    uint32_t link_bytes = 0;
    if (level->ethernet) {
        link_bytes = 14;
        for (const Vlan &vlan : level->vlans)
            link_bytes += vlan.in_metadata ? 0 : 4;
    }
    if (drop.packet.wire_bytes < link_bytes)
        return {};
    return drop.packet.wire_bytes - link_bytes;
}

template <typename Check>
Answer about_ipv4(const DropRecord &drop, Check check) {
    if (const Ipv4 *ip = ipv4_of(drop))
        return check(*ip);
    return {};
}

template <typename Check>
Answer about_ipv6(const DropRecord &drop, Check check) {
    if (const Ipv6 *ip = ipv6_of(drop))
        return check(*ip);
    return {};
}

template <typename Check>
Answer about_tcp(const DropRecord &drop, Check check) {
    const PacketLevel *level = level_of(drop);
    if (level != nullptr && level->tcp)
        return check(*level->tcp);
    return {};
}

bool in_loopback(const IpAddress &address) {
    return address.family == 4 && address.bytes[0] == 127;
}

bool in_zero_net(const IpAddress &address) {
    return address.family == 4 && address.bytes[0] == 0;
}

bool is_multicast(const IpAddress &address) {
    return (address.family == 4 && (address.bytes[0] & 0xf0) == 0xe0) ||
           (address.family == 6 && address.bytes[0] == 0xff);
}

bool is_limited_broadcast(const IpAddress &address) {
    return address.family == 4 && std::all_of(address.bytes.begin(), address.bytes.begin() + 4,
                                              [](uint8_t byte) { return byte == 0xff; });
}

bool is_ipv6_loopback(const IpAddress &address) {
    return address.family == 6 && address.bytes[15] == 1 &&
           std::all_of(address.bytes.begin(), address.bytes.end() - 1,
                       [](uint8_t byte) { return byte == 0; });
}

uint32_t netns_of(const DropRecord &drop) {
    return drop.netns != 0 || !drop.dev ? drop.netns : drop.dev->netns;
}

Answer is_local(const DropRecord &drop, const HostView &host, const IpAddress &address) {
    return host.is_local_address(netns_of(drop), address);
}

// The kernel takes these sums as good or still to be made: the bytes alone prove nothing.
bool checksum_counts(const DropRecord &drop) {
    return drop.packet.meta.checksum == ChecksumState::none ||
           drop.packet.meta.checksum == ChecksumState::complete;
}

Answer wrong_sum(const DropRecord &drop, uint16_t found, std::optional<uint16_t> right) {
    if (!checksum_counts(drop))
        return false;
    if (!right)
        return {};
    return found != *right;
}

Answer source_local(const DropRecord &drop, const HostView &host) {
    const Ipv4 *ip = ipv4_of(drop);
    if (ip == nullptr)
        return {};
    if (ip->src == ip->dst)  // taken for us, so the source is ours too (a LAND packet)
        return true;
    return is_local(drop, host, ip->src);
}

// A broadcast destination of a subnet cannot be told from the bytes, a local address can.
Answer unicast_in_multicast(const DropRecord &drop, const HostView &host) {
    const PacketType type = drop.packet.meta.type;
    const Ipv4 *ip = ipv4_of(drop);
    if (ip == nullptr)
        return {};
    if ((type != PacketType::broadcast && type != PacketType::multicast) || is_multicast(ip->dst) ||
        is_limited_broadcast(ip->dst))
        return false;
    return is_local(drop, host, ip->dst);
}

Answer ipv4_longer_than_packet(const DropRecord &drop, const HostView &) {
    const Ipv4 *ip = ipv4_of(drop);
    const auto bytes = network_bytes(drop);
    if (ip == nullptr || !bytes)
        return {};
    return ip->total_bytes > *bytes;
}

Answer ipv6_longer_than_packet(const DropRecord &drop, const HostView &) {
    const Ipv6 *ip = ipv6_of(drop);
    const auto bytes = network_bytes(drop);
    if (ip == nullptr || !bytes)
        return {};
    return ip->payload_bytes + 40u > *bytes;
}

Answer udp_longer_than_packet(const DropRecord &drop, const HostView &) {
    const PacketLevel *level = level_of(drop);
    if (level == nullptr || !level->udp)
        return {};
    std::optional<uint32_t> payload;
    if (level->ipv4 && level->ipv4->total_bytes >= level->ipv4->header_bytes)
        payload = level->ipv4->total_bytes - level->ipv4->header_bytes;
    else if (level->ipv6 && level->ipv6->extensions.empty() && level->ipv6->payload_bytes != 0)
        payload = level->ipv6->payload_bytes;
    const bool fragment = (level->ipv4 && level->ipv4->more_fragments) ||
                          (level->ipv6 && level->ipv6->more_fragments);
    if (level->udp->length_bytes < 8 && level->udp->length_bytes != 0)
        return true;
    if (!payload || fragment)
        return {};
    return level->udp->length_bytes > *payload;
}

Answer ipv4_bad_header(const DropRecord &drop, const HostView &) {
    if (drop.packet.malformed.starts_with("IPv4"))
        return true;
    return about_ipv4(drop, [&](const Ipv4 &ip) {
        return ip.header_bytes < 20 || (ip.total_bytes < ip.header_bytes && ip.total_bytes != 0);
    });
}

Answer ipv6_bad_header(const DropRecord &drop, const HostView &) {
    if (drop.packet.malformed.starts_with("IPv6"))
        return true;
    return about_ipv6(drop, [](const Ipv6 &ip) { return is_multicast(ip.src); });
}

constexpr uint8_t flag_fin = 1, flag_syn = 2, flag_rst = 4, flag_ack = 16;
constexpr uint8_t icmp = 1, tcp = 6, udp = 17, icmpv6 = 58, sctp = 132;

using Drop = const DropRecord &;
using Host = const HostView &;

// In the order of names.
constexpr std::array predicates = std::to_array<Predicate>({
    {"arp", [](Drop drop, Host) { return has_network(drop, 0x0806); }},
    {"eth.other_host",
     [](Drop drop, Host) -> Answer { return drop.packet.meta.type == PacketType::other_host; }},
    {"gso", [](Drop drop, Host) -> Answer { return drop.packet.meta.gso_size != 0; }},
    {"icmp", [](Drop drop, Host) { return has_transport(drop, icmp); }},
    {"icmp.bad_checksum",
     [](Drop drop, Host) -> Answer {
         const PacketLevel *level = level_of(drop);
         if (level == nullptr || !level->icmp)
             return {};
         return wrong_sum(drop, level->icmp->checksum, level->icmp->right_checksum);
     }},
    {"icmpv6", [](Drop drop, Host) { return has_transport(drop, icmpv6); }},
    {"icmpv6.bad_checksum",
     [](Drop drop, Host) -> Answer {
         const PacketLevel *level = level_of(drop);
         if (level == nullptr || !level->icmpv6)
             return {};
         return wrong_sum(drop, level->icmpv6->checksum, level->icmpv6->right_checksum);
     }},
    {"ipv4", [](Drop drop, Host) { return has_network(drop, 0x0800); }},
    {"ipv4.bad_checksum",
     [](Drop drop, Host) -> Answer {
         const Ipv4 *ip = ipv4_of(drop);
         if (ip == nullptr || !ip->right_checksum)
             return {};
         return ip->checksum != *ip->right_checksum;
     }},
    {"ipv4.bad_header", ipv4_bad_header},
    {"ipv4.destination_invalid",
     [](Drop drop, Host) {
         return about_ipv4(drop, [](const Ipv4 &ip) { return in_zero_net(ip.dst); });
     }},
    {"ipv4.destination_loopback",
     [](Drop drop, Host) {
         return about_ipv4(drop, [](const Ipv4 &ip) { return in_loopback(ip.dst); });
     }},
    {"ipv4.dont_fragment",
     [](Drop drop, Host) {
         return about_ipv4(drop, [](const Ipv4 &ip) { return ip.dont_fragment; });
     }},
    {"ipv4.longer_than_packet", ipv4_longer_than_packet},
    {"ipv4.source_invalid",
     [](Drop drop, Host) {
         return about_ipv4(drop, [](const Ipv4 &ip) {
             return in_zero_net(ip.src) || is_multicast(ip.src) || is_limited_broadcast(ip.src);
         });
     }},
    {"ipv4.source_local", source_local},
    {"ipv4.source_loopback",
     [](Drop drop, Host) {
         return about_ipv4(drop, [](const Ipv4 &ip) { return in_loopback(ip.src); });
     }},
    {"ipv4.source_routed",
     [](Drop drop, Host) {
         return about_ipv4(drop, [](const Ipv4 &ip) {  // loose and strict source route, RFC 791
             return std::ranges::any_of(ip.options,
                                        [](uint8_t type) { return type == 131 || type == 137; });
         });
     }},
    {"ipv4.ttl_expired",
     [](Drop drop, Host) {
         return about_ipv4(drop, [](const Ipv4 &ip) { return ip.ttl <= 1; });
     }},
    {"ipv4.unicast_in_multicast", unicast_in_multicast},
    {"ipv6", [](Drop drop, Host) { return has_network(drop, 0x86dd); }},
    {"ipv6.bad_header", ipv6_bad_header},
    {"ipv6.destination_loopback",
     [](Drop drop, Host) {
         return about_ipv6(drop, [](const Ipv6 &ip) { return is_ipv6_loopback(ip.dst); });
     }},
    {"ipv6.hop_limit_expired",
     [](Drop drop, Host) {
         return about_ipv6(drop, [](const Ipv6 &ip) { return ip.hop_limit <= 1; });
     }},
    {"ipv6.longer_than_packet", ipv6_longer_than_packet},
    {"ipv6.source_loopback",
     [](Drop drop, Host) {
         return about_ipv6(drop, [](const Ipv6 &ip) { return is_ipv6_loopback(ip.src); });
     }},
    {"sctp", [](Drop drop, Host) { return has_transport(drop, sctp); }},
    {"tcp", [](Drop drop, Host) { return has_transport(drop, tcp); }},
    {"tcp.bad_checksum",
     [](Drop drop, Host) -> Answer {
         const PacketLevel *level = level_of(drop);
         if (level == nullptr || !level->tcp)
             return {};
         return wrong_sum(drop, level->tcp->checksum, level->tcp->right_checksum);
     }},
    {"tcp.fin",
     [](Drop drop, Host) {
         return about_tcp(drop, [](const Tcp &header) {
             return (header.flags & (flag_fin | flag_syn | flag_rst)) == flag_fin;
         });
     }},
    {"tcp.syn",
     [](Drop drop, Host) {
         return about_tcp(drop, [](const Tcp &header) {
             return (header.flags & (flag_syn | flag_ack)) == flag_syn;
         });
     }},
    {"udp", [](Drop drop, Host) { return has_transport(drop, udp); }},
    {"udp.bad_checksum",
     [](Drop drop, Host) -> Answer {
         const PacketLevel *level = level_of(drop);
         if (level == nullptr || !level->udp)
             return {};
         return wrong_sum(drop, level->udp->checksum, level->udp->right_checksum);
     }},
    {"udp.longer_than_packet", udp_longer_than_packet},
});

static_assert(std::ranges::is_sorted(predicates, {}, &Predicate::name));

}  // namespace

const Predicate *predicate_by_name(std::string_view name) {
    const auto found = std::ranges::lower_bound(predicates, name, {}, &Predicate::name);
    return found != predicates.end() && found->name == name ? &*found : nullptr;
}

std::string predicate_names() {
    std::string names;
    for (const Predicate &predicate : predicates)
        names += (names.empty() ? "" : ", ") + std::string(predicate.name);
    return names;
}

}  // namespace whydrop
