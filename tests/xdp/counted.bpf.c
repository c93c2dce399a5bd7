// SPDX-License-Identifier: GPL-2.0-or-later
// An XDP program that keeps its own counts, in a map of the shape that the XDP tutorial teaches.
#include "parse.bpf.h"

enum { ACTIONS = XDP_REDIRECT + 1 };

struct record {
    __u64 rx_packets;
    __u64 rx_bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, ACTIONS);
    __type(key, __u32);
    __type(value, struct record);
} xdp_stats_map SEC(".maps");

SEC("xdp")
int counted(struct xdp_md *ctx)
{
    __u32 answer = is_udp_to(ctx, DROPPED_PORT) ? XDP_DROP : XDP_PASS;
    struct record *record = bpf_map_lookup_elem(&xdp_stats_map, &answer);

    if (record) {
        record->rx_packets++;
        record->rx_bytes += ctx->data_end - ctx->data;
    }
    return answer;
}

char _license[] SEC("license") = "GPL";
