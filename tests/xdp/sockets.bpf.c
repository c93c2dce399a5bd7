// SPDX-License-Identifier: GPL-2.0-or-later
// UDP to port 9 goes to an AF_XDP socket.
#include "parse.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} sockets SEC(".maps");

SEC("xdp")
int to_socket(struct xdp_md *ctx)
{
    return is_udp_to(ctx, DROPPED_PORT) ? bpf_redirect_map(&sockets, 0, XDP_DROP) : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
