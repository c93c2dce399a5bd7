// SPDX-License-Identifier: GPL-2.0-or-later
// Counts what one XDP program answers: loaded once for each that is observed, at its entry, where
// the length is still that of the frame, and at its exit, where the answer is known.
#include "kernel.h"
#include "xdp_wire.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct xdp_rxq_info {
    struct net_device *dev;
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

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, WIRE_XDP_DEVICES + 1);
    __type(key, __u32);
    __type(value, struct wire_xdp_device);
} devices SEC(".maps");

// From entry to exit, on the same CPU: XDP runs with bottom halves off.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} frame_bytes SEC(".maps");

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

SEC("fentry/program")
int enter(__u64 *args)
{
    struct xdp_buff *xdp = (void *)args[0];
    __u32 key = 0;
    __u64 *bytes = bpf_map_lookup_elem(&frame_bytes, &key);

    if (bytes)
        *bytes = xdp->data_end - xdp->data + fragment_bytes(xdp);
    return 0;
}

// The device's own place on this CPU, taken when it is met first.
static __always_inline struct wire_xdp_device *place_of(struct net_device *dev)
{
    __u32 ifindex = dev->ifindex, key;
    struct wire_xdp_device *place;

    for (__u32 i = 0; i < WIRE_XDP_TRIES; i++) {
        key = (ifindex + i) % WIRE_XDP_DEVICES;
        place = bpf_map_lookup_elem(&devices, &key);
        if (!place)
            return 0;
        if (place->device == (__u64)dev && place->ifindex == ifindex)
            return place;
        if (!place->device) {
            place->device = (__u64)dev;
            place->ifindex = ifindex;
            place->netns = dev->nd_net.net->ns.inum;
            return place;
        }
    }
    key = WIRE_XDP_DEVICES;
    return bpf_map_lookup_elem(&devices, &key);
}

SEC("fexit/program")
int leave(__u64 *args)
{
    struct xdp_buff *xdp = (void *)args[0];
    __u32 key = 0, answer = args[1];
    __u64 *bytes = bpf_map_lookup_elem(&frame_bytes, &key);
    struct wire_xdp_device *place = place_of(xdp->rxq->dev);

    if (!bytes || !place)
        return 0;
    if (answer >= WIRE_XDP_ACTIONS)
        answer = WIRE_XDP_INVALID;
    place->answers[answer].packets++;
    place->answers[answer].bytes += *bytes;
    return 0;
}

char _license[] SEC("license") = "GPL";
