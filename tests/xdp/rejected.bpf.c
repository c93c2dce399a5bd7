// SPDX-License-Identifier: GPL-2.0-or-later
// Programs that no kernel takes, and one that is none of XDP.
#include "parse.bpf.h"

// Reads behind what it compared with data_end: nothing.
SEC("xdp")
int unchecked(struct xdp_md *ctx)
{
    const __u8 *data = (const __u8 *)(long)ctx->data;

    return data[0] ? XDP_PASS : XDP_DROP;
}

SEC("socket")
int of_a_socket(struct __sk_buff *skb)
{
    return skb->len;
}

char _license[] SEC("license") = "GPL";
