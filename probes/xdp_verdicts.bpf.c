// SPDX-License-Identifier: GPL-2.0-or-later
// Counts what one XDP program answers: loaded once for each that is observed, at its entry, where
// the length is still that of the frame, and at its exit, where the answer is known.
#include "xdp_wire.h"
#include "xdp_buff.bpf.h"

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
