// SPDX-License-Identifier: GPL-2.0-or-later
// Where the kernel gives no reason, one location stands for many causes: every check of
// ip_rcv_core() ends at the same call. So that each cause is counted exactly all the same, such
// drops are counted in parts: by what is wrong with the packet, as far as a few loads tell, and by
// a few bits of its addresses. The tool explains each part by its samples and joins those with the
// same cause, so a part too many does no harm.
#pragma once

#include "packet.bpf.h"

enum {
    LOOKS_FINE,
    LOOKS_OTHER_HOST,
    LOOKS_BAD_HEADER,
    LOOKS_BAD_CHECKSUM,
    LOOKS_TOO_LONG,
    LOOKS_LOOPBACK_SOURCE,
    LOOKS_INVALID_SOURCE,
    LOOKS_EXPIRED,
    LOOKS_UDP_TOO_LONG,
    PACKET_OTHERHOST = 3, // include/uapi/linux/if_packet.h
};

static __always_inline bool right_ipv4_checksum(const struct ipv4_start *ip)
{
    const __u16 *words = (const void *)ip;
    __u32 sum = 0;

    for (int i = 0; i < IPV4_BYTES / 2; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

// `bytes`: from the network header to the end of the packet.
static __always_inline __u32 ipv4_looks(const struct ipv4_start *ip, __u32 bytes)
{
    __u32 source = bpf_ntohl(ip->saddr), header = (ip->version_ihl & 15) * 4;

    if (ip->version_ihl >> 4 != 4 || header < IPV4_BYTES)
        return LOOKS_BAD_HEADER;
    if (header == IPV4_BYTES && !right_ipv4_checksum(ip))
        return LOOKS_BAD_CHECKSUM;
    if (bpf_ntohs(ip->tot_len) > bytes)
        return LOOKS_TOO_LONG;
    if (source >> 24 == 127)
        return LOOKS_LOOPBACK_SOURCE;
    if (source >> 28 >= 14 || source >> 24 == 0)
        return LOOKS_INVALID_SOURCE;
    if (ip->ttl <= 1)
        return LOOKS_EXPIRED;
    if (ip->protocol == 17 && header == IPV4_BYTES && !(ip->frag_off & bpf_htons(IP_OFFSET)) &&
        bpf_ntohs(ip->udp_len) > bytes - header)
        return LOOKS_UDP_TOO_LONG;
    return LOOKS_FINE;
}

// The part, from 0 to 255.
static __noinline __u32 part_of_reason(struct sk_buff *skb)
{
    struct ipv4_start ip = {};
    const unsigned char *l3 = skb->head + skb->network_header;
    __u32 looks = LOOKS_FINE, some_bits;

    if (BPF_CORE_READ_BITFIELD(skb, pkt_type) == PACKET_OTHERHOST)
        return LOOKS_OTHER_HOST << 3;
    if (skb->protocol != bpf_htons(ETH_P_IP) || skb->network_header == UNSET_HEADER ||
        bpf_probe_read_kernel(&ip, sizeof(ip), l3))
        return LOOKS_FINE;
    looks = ipv4_looks(&ip, skb->len + (__u32)(skb->data - l3));
    some_bits = (ip.saddr ^ ip.sport ^ (__u32)ip.dport << 16) * 0x9e3779b1u;
    return looks << 3 | some_bits >> 29;
}
