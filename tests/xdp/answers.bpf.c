// SPDX-License-Identifier: GPL-2.0-or-later
// XDP programs to observe: each gives one answer.
#include "parse.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, __u32);
} devices SEC(".maps");

SEC("xdp")
int pass(struct xdp_md *ctx)
{
    return XDP_PASS;
}

// UDP to port 9 alone.
SEC("xdp")
int drop_port(struct xdp_md *ctx)
{
    return is_udp_to(ctx, DROPPED_PORT) ? XDP_DROP : XDP_PASS;
}

// The same, by mistake.
SEC("xdp")
int abort_port(struct xdp_md *ctx)
{
    return is_udp_to(ctx, DROPPED_PORT) ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp")
int nonsense(struct xdp_md *ctx)
{
    return is_udp_to(ctx, DROPPED_PORT) ? 4242 : XDP_PASS;
}

// UDP to port 9 goes back to who sent it.
SEC("xdp")
int send_back(struct xdp_md *ctx)
{
    struct frame frame;
    struct udphdr *udp = udp_to(ctx, &frame, DROPPED_PORT);
    __u8 mac[ETH_ALEN];

    if (!udp)
        return XDP_PASS;
    __builtin_memcpy(mac, frame.eth->h_source, ETH_ALEN);
    __builtin_memcpy(frame.eth->h_source, frame.eth->h_dest, ETH_ALEN);
    __builtin_memcpy(frame.eth->h_dest, mac, ETH_ALEN);
    return XDP_TX;
}

// UDP to port 9 goes to the first of `devices`; where there is none, the helper answers
// XDP_ABORTED.
SEC("xdp")
int redirect_port(struct xdp_md *ctx)
{
    if (!is_udp_to(ctx, DROPPED_PORT))
        return XDP_PASS;
    return bpf_redirect_map(&devices, 0, 0);
}

// UDP to port 9 goes to a device that there is not.
SEC("xdp")
int redirect_nowhere(struct xdp_md *ctx)
{
    if (!is_udp_to(ctx, DROPPED_PORT))
        return XDP_PASS;
    return bpf_redirect(0x7fffffff, 0);
}

char _license[] SEC("license") = "GPL";
