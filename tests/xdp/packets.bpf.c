// SPDX-License-Identifier: GPL-2.0-or-later
// XDP programs to observe: each does something to packets that can be seen behind it.
#include "parse.bpf.h"

enum { FROM_PORT = 2000, TO_PORT = 1999, GROWN = 20 };

// Of ICMP echo requests only those with an odd sequence number live.
SEC("xdp")
int odd_icmp(struct xdp_md *ctx)
{
    struct frame frame;
    struct echo *icmp;

    if (!parse(ctx, &frame) || frame.ip->protocol != IPPROTO_ICMP)
        return XDP_PASS;
    icmp = frame.l4;
    if ((void *)(icmp + 1) > frame.end || icmp->type != ECHO_REQUEST)
        return XDP_PASS;
    return bpf_ntohs(icmp->sequence) % 2 ? XDP_PASS : XDP_DROP;
}

// UDP to port 2000 arrives at port 1999, with a checksum that fits (RFC 1624).
SEC("xdp")
int rewrite_port(struct xdp_md *ctx)
{
    struct frame frame;
    struct udphdr *udp = udp_to(ctx, &frame, FROM_PORT);
    __u32 sum;

    if (!udp)
        return XDP_PASS;
    udp->dest = bpf_htons(TO_PORT);
    if (udp->check) {
        sum = (__u16)~udp->check + (__u16)~bpf_htons(FROM_PORT) + bpf_htons(TO_PORT);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        udp->check = ~sum;
    }
    return XDP_PASS;
}

// Takes a VLAN tag off.
SEC("xdp")
int vlan_pop(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data, copy;
    struct {
        __be16 tci, next;
    } *tag = (void *)(eth + 1);

    if ((void *)(tag + 1) > end || eth->h_proto != bpf_htons(ETH_P_8021Q))
        return XDP_PASS;
    copy = *eth;
    copy.h_proto = tag->next;
    if (bpf_xdp_adjust_head(ctx, sizeof(*tag)))
        return XDP_ABORTED;
    data = (void *)(long)ctx->data;
    end = (void *)(long)ctx->data_end;
    eth = data;
    if ((void *)(eth + 1) > end)
        return XDP_ABORTED;
    *eth = copy;
    return XDP_PASS;
}

// Puts VLAN tag 7 on UDP to port 2000.
SEC("xdp")
int vlan_push(struct xdp_md *ctx)
{
    struct frame frame;
    struct udphdr *udp = udp_to(ctx, &frame, FROM_PORT);
    struct ethhdr *eth, copy;
    struct {
        __be16 tci, next;
    } * tag;

    if (!udp)
        return XDP_PASS;
    copy = *frame.eth;
    if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*tag)))
        return XDP_ABORTED;
    eth = (void *)(long)ctx->data;
    tag = (void *)(eth + 1);
    if ((void *)(tag + 1) > (void *)(long)ctx->data_end)
        return XDP_ABORTED;
    *eth = copy;
    eth->h_proto = bpf_htons(ETH_P_8021Q);
    tag->tci = bpf_htons(7);
    tag->next = copy.h_proto;
    return XDP_PASS;
}

// Wants room for an IP header before UDP to port 2000, and says it with the wrong sign, so that the
// head is cut and the check of what should be there then fails.
SEC("xdp")
int grow_wrongly(struct xdp_md *ctx)
{
    if (!is_udp_to(ctx, FROM_PORT))
        return XDP_PASS;
    if (bpf_xdp_adjust_head(ctx, GROWN))
        return XDP_ABORTED;
    if ((void *)(long)ctx->data + sizeof(struct ethhdr) + 2 * sizeof(struct iphdr) >
        (void *)(long)ctx->data_end)
        return XDP_DROP;
    return XDP_PASS;
}

// The same with the right sign: the frame has 20 more bytes, and lives.
SEC("xdp")
int grow(struct xdp_md *ctx)
{
    if (!is_udp_to(ctx, FROM_PORT))
        return XDP_PASS;
    return bpf_xdp_adjust_head(ctx, -GROWN) ? XDP_ABORTED : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
