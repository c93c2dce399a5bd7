// SPDX-License-Identifier: GPL-2.0-or-later
// What is behind the network header, as far as keys and filters ask: protocol, addresses, ports.
#pragma once

#include <stddef.h>

#include <bpf/bpf_endian.h>

#include "extent.bpf.h"
#include "wire.h"

enum {
    ETH_P_IP = 0x0800,
    ETH_P_IPV6 = 0x86dd,
    ETH_P_8021Q = 0x8100,
    ETH_P_8021AD = 0x88a8,
    IP_OFFSET = 0x1fff,
    IPV6_OFFSET = 0xfff8,
    IPV6_NEXTHDR = 6, // RFC 8200, section 3: where in the header
    IPV6_SADDR = 8,
    IPV6_DADDR = 24,
    IPV6_BYTES = 40,
    VLAN_BYTES = 4,        // of a tag: its control, and the type of what follows
    EXTENSION_HEADERS = 6, // followed at most
};

struct flow {
    const unsigned char *ipv6; // the header, when family is 6: 40 bytes are too many for the stack
    __u32 saddr, daddr;        // IPv4, network order
    __u16 sport, dport;
    __u16 ethertype;
    __u8 l4proto, family, has_l4;
};

static __always_inline bool has_ports(__u8 l4proto)
{
    // TCP, UDP, DCCP, SCTP and UDP-Lite begin with source and destination port.
    return l4proto == 6 || l4proto == 17 || l4proto == 33 || l4proto == 132 || l4proto == 136;
}

// The begin of an IPv4 header (RFC 791), and of what follows where there are no options.
struct ipv4_start {
    __u8 version_ihl, tos;
    __be16 tot_len, id, frag_off;
    __u8 ttl, protocol;
    __be16 check;
    __be32 saddr, daddr;
    __be16 sport, dport, udp_len;
    __u16 zero;
};

enum { IPV4_BYTES = 20 };

// Is all of it in the packet's first piece? The stack pulls a header into it before it sets the
// header's offset; what is still being received may have it elsewhere.
static __always_inline bool is_linear(struct sk_buff *skb, const unsigned char *at, __u32 bytes)
{
    return !BEING_RECEIVED || at + bytes <= skb->data + (skb->len - skb->data_len);
}

// What of a flow is asked for (WIRE_BY_*): with PROTO alone, addresses and ports are not read.
enum { FLOW_ADDRESSES = WIRE_BY_FLOW | WIRE_BY_SRC | WIRE_BY_DST, FLOW_PORTS = WIRE_BY_FLOW };

static __always_inline void parse_ports(enum how how, struct flow *flow, struct sk_buff *skb,
                                        const unsigned char *l4, __u32 asked)
{
    __u32 ports;

    if (!(asked & FLOW_PORTS) || !has_ports(flow->l4proto) || !is_linear(skb, l4, sizeof(ports)))
        return;
    ports = bpf_ntohl(load_u32(how, l4));
    flow->sport = ports >> 16;
    flow->dport = ports;
}

// What the flow needs of the header: few loads, or one call of the helper.
static __always_inline void load_ipv4(enum how how, struct ipv4_start *ip, const unsigned char *l3,
                                      __u32 asked)
{
    if (how == HOW_PROBE) {
        bpf_probe_read_kernel(ip, IPV4_BYTES, l3);
        return;
    }
    ip->version_ihl = load_u8(how, l3);
    ip->protocol = load_u8(how, l3 + offsetof(struct ipv4_start, protocol));
    if (asked & FLOW_PORTS)
        ip->frag_off = load_u16(how, l3 + offsetof(struct ipv4_start, frag_off));
    if (asked & FLOW_ADDRESSES) {
        ip->saddr = load_u32(how, l3 + offsetof(struct ipv4_start, saddr));
        ip->daddr = load_u32(how, l3 + offsetof(struct ipv4_start, daddr));
    }
}

static __always_inline void parse_ipv4(enum how how, struct flow *flow, struct sk_buff *skb,
                                       const unsigned char *l3, __u32 asked)
{
    struct ipv4_start ip = {};

    if (!is_linear(skb, l3, IPV4_BYTES))
        return;
    load_ipv4(how, &ip, l3, asked);
    if (ip.version_ihl >> 4 != 4)
        return;
    flow->family = 4;
    flow->saddr = ip.saddr;
    flow->daddr = ip.daddr;
    flow->l4proto = ip.protocol;
    flow->has_l4 = 1;
    // Only the first fragment has the ports.
    if (!(ip.frag_off & bpf_htons(IP_OFFSET)))
        parse_ports(how, flow, skb, l3 + (ip.version_ihl & 15) * 4, asked);
}

// What follows the extension headers of an IPv6 packet at `l3`: the protocol in the low byte, above
// it the distance from l3; that is 0 where there is no transport header (a later fragment).
static __always_inline __u32 ipv6_transport(enum how how, __u64 l3)
{
    const unsigned char *header = (const unsigned char *)l3;
    __u32 protocol = load_u8(how, header + IPV6_NEXTHDR), at = 40;

    for (int i = 0; i < EXTENSION_HEADERS; i++) {
        const unsigned char *extension = header + (at & 0xffff);

        if (protocol == 44) { // fragment
            protocol = load_u8(how, extension);
            if (load_u16(how, extension + 2) & bpf_htons(IPV6_OFFSET))
                return protocol;
            at += 8;
        } else if (protocol == 0 || protocol == 43 || protocol == 60) { // hop-by-hop, routing,
            protocol = load_u8(how, extension);                         // destination options
            at += (load_u8(how, extension + 1) + 1) * 8;
        } else {
            break;
        }
    }
    return protocol | at << 8;
}

// Global, so that the verifier looks at them once and not in every state of the caller.
__noinline __u32 ipv6_transport_cast(__u64 l3)
{
    return ipv6_transport(HOW_CAST, l3);
}

__noinline __u32 ipv6_transport_probe(__u64 l3)
{
    return ipv6_transport(HOW_PROBE, l3);
}

static __always_inline void parse_ipv6(enum how how, struct flow *flow, struct sk_buff *skb,
                                       const unsigned char *l3, __u32 asked)
{
    __u64 head = 0; // read so that it is a number to every verifier: pointers are not passed on
    __u32 transport;

    if (!is_linear(skb, l3, IPV6_BYTES) || load_u8(how, l3) >> 4 != 6)
        return;
    bpf_probe_read_kernel(&head, sizeof(head), &skb->head);
    head += l3 - skb->head;
    transport = how == HOW_CAST ? ipv6_transport_cast(head) : ipv6_transport_probe(head);
    flow->family = 6;
    flow->ipv6 = l3;
    flow->l4proto = transport;
    flow->has_l4 = 1;
    if (transport >> 8)
        parse_ports(how, flow, skb, l3 + (transport >> 8 & 0xffff), asked);
}

// A tag that is still in the bytes, right before the network header: `l3` is set behind it, and the
// type of what follows is given.
static __always_inline __u16 ethertype_behind_tag(__u16 ethertype, const unsigned char **l3)
{
    __be16 inner = 0;

    if (ethertype != ETH_P_8021Q && ethertype != ETH_P_8021AD)
        return ethertype;
    if (BEING_RECEIVED)
        *l3 += VLAN_BYTES;
    bpf_probe_read_kernel(&inner, sizeof(inner), *l3 - 2);
    return bpf_ntohs(inner);
}

static __always_inline void parse_flow(enum how how, struct sk_buff *skb, struct flow *flow,
                                       __u32 asked)
{
    const unsigned char *l3 = network_header(skb);

    flow->ethertype = bpf_ntohs(skb->protocol);
    if (!l3)
        return;
    flow->ethertype = ethertype_behind_tag(flow->ethertype, &l3);
    if (flow->ethertype == ETH_P_IP)
        parse_ipv4(how, flow, skb, l3, asked);
    else if (flow->ethertype == ETH_P_IPV6)
        parse_ipv6(how, flow, skb, l3, asked);
}
