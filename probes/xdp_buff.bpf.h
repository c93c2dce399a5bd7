// SPDX-License-Identifier: GPL-2.0-or-later
// A frame as the driver hands it to an XDP program.
#pragma once

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct xdp_rxq_info {
    struct net_device *dev;
    __u32 queue_index;
};

// frags: since 2e88d4ff0301, "xdp: introduce flags field in xdp_buff/xdp_frame" (5.18).
struct xdp_buff {
    void *data, *data_end;
    void *data_hard_start;
    struct xdp_rxq_info *rxq;
    __u32 frame_sz;
    __u32 flags;
};

enum xdp_buff_flags { XDP_FLAGS_HAS_FRAGS = 1 };

// The fragments' bytes, since d16697cb6261, "net: skbuff: add size metadata to skb_shared_info for
// xdp" (5.18).
struct skb_shared_info___frags {
    unsigned int xdp_frags_size;
};

#pragma clang attribute pop

// The shared info is at the end of the frame's room, in cache lines (xdp_data_hard_end).
static __always_inline __u64 fragment_bytes(struct xdp_buff *xdp)
{
    enum { LINE = 64 };
    __u32 info_bytes = (bpf_core_type_size(struct skb_shared_info) + LINE - 1) & ~(LINE - 1);
    __u32 bytes = 0;

    if (!bpf_core_field_exists(xdp->flags) ||
        !(xdp->flags & bpf_core_enum_value(enum xdp_buff_flags, XDP_FLAGS_HAS_FRAGS)))
        return 0;
    bpf_probe_read_kernel(
        &bytes, sizeof(bytes),
        xdp->data_hard_start + xdp->frame_sz - info_bytes +
            bpf_core_field_offset(struct skb_shared_info___frags, xdp_frags_size));
    return bytes;
}
