// SPDX-License-Identifier: GPL-2.0-or-later
// Headers of a frame, for the programs that are observed in tests.
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// RFC 792, of an echo; <linux/icmp.h> takes the C library along.
struct echo {
    __u8 type, code;
    __be16 checksum, id, sequence;
};
enum { ECHO_REQUEST = 8 };

// UDP to it is what most of the programs are about.
enum { DROPPED_PORT = 9 };

struct frame {
    struct ethhdr *eth;
    struct iphdr *ip;
    void *l4, *end;
};

// IPv4 without options, or nothing.
static __always_inline int parse(struct xdp_md *ctx, struct frame *frame)
{
    frame->eth = (void *)(long)ctx->data;
    frame->end = (void *)(long)ctx->data_end;
    frame->ip = (void *)(frame->eth + 1);
    frame->l4 = frame->ip + 1;
    return frame->l4 <= frame->end && frame->eth->h_proto == bpf_htons(ETH_P_IP) &&
           frame->ip->ihl == 5;
}

// The header of UDP to this port, or nothing.
static __always_inline struct udphdr *udp_to(struct xdp_md *ctx, struct frame *frame, __u16 port)
{
    struct udphdr *udp;

    if (!parse(ctx, frame) || frame->ip->protocol != IPPROTO_UDP)
        return 0;
    udp = frame->l4;
    return (void *)(udp + 1) <= frame->end && udp->dest == bpf_htons(port) ? udp : 0;
}

static __always_inline int is_udp_to(struct xdp_md *ctx, __u16 port)
{
    struct frame frame;

    return udp_to(ctx, &frame, port) != 0;
}
