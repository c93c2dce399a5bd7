// SPDX-License-Identifier: GPL-2.0-or-later
// A packet that a probe was called for, with the first bytes of its packet, for the ring buffer.
#pragma once

#include "extent.bpf.h"
#include "flow.bpf.h"
#include "wire.h"

extern const volatile struct wire_config config;

// What the probe was called for, read once per event. Fields that its hook does not know are 0.
struct event {
    void *ctx;
    struct wire_cpu *cpu;
    struct sk_buff *skb;
    struct sock *rx_sk;     // 0: none, or the kernel does not say
    struct net_device *dev; // 0: none
    __u64 location;
    __u32 reason;
    __u32 key_reason; // with the part, see split.bpf.h
    __u32 netns;
    __u32 ifindex;
    __u32 len;
    __u32 more_packets;
    __u32 context; // WIRE_EVENT_INTERRUPT; looked for only when somebody asks
    __u64 now;     // jiffies
};

static __always_inline __u32 context_flags(enum how how, void *task, struct event *event)
{
    return kernel_in_interrupt(how, task, event->ctx, &event->cpu->scratch) ? WIRE_EVENT_INTERRUPT
                                                                            : 0;
}

// Of a packet, in bytes. Read anew each time, so that every verifier knows it for a constant.
static __always_inline __u32 packet_room(void)
{
    return config.each ? config.snap : WIRE_PACKET_BYTES;
}

// Copies what lies in one piece, as far as there is room.
static __always_inline void copy_packet(struct event *event, struct wire_event *out, __u8 *bytes)
{
    struct extent extent;
    __u32 caplen;

    find_extent(event->skb, event->dev, &extent);
    out->flags |= extent.link;
    out->wire_bytes = extent.bytes;
    caplen = extent.readable;
    if (caplen > packet_room())
        caplen = packet_room();
    // The bound once more for verifiers that lose it across the spill above.
    if (caplen > packet_room())
        return;
    if (caplen && !bpf_probe_read_kernel(bytes, caplen, (const void *)extent.start))
        out->caplen = caplen;
}

// Of the packet, as its device sees it.
static __always_inline __u32 direction(struct sk_buff *skb, struct net_device *dev)
{
    int came_by = skb->skb_iif;

    if (BEING_RECEIVED) // by this device, by whichever it came before
        return WIRE_EVENT_RECEIVED;
    if (came_by)
        return came_by == dev->ifindex ? WIRE_EVENT_RECEIVED : WIRE_EVENT_SENT;
    return skb->sk ? WIRE_EVENT_SENT : 0;
}

static __always_inline void describe(enum how how, struct event *event, struct wire_event *out)
{
    struct sk_buff *skb = event->skb;
    struct net_device *dev = event->dev;
    void *task = (void *)bpf_get_current_task();

    out->time_ns = bpf_ktime_get_ns();
    out->location = event->location;
    out->reason = event->reason;
    out->netns = event->netns;
    out->ifindex = event->ifindex;
    out->cpu = bpf_get_smp_processor_id();
    out->len = event->len;
    out->wire_bytes = 0;
    out->mark = skb->mark;
    out->hash = skb->hash;
    out->tgid = kernel_tgid(how, task);
    kernel_comm(how, task, out->comm);
    out->caplen = 0;
    out->protocol = bpf_ntohs(skb->protocol);
    out->flags = context_flags(how, task, event);
    out->vlan_proto = 0;
    out->vlan_tci = 0;
    if (kernel_vlan_tag(skb)) {
        out->flags |= WIRE_EVENT_VLAN;
        out->vlan_proto = bpf_ntohs(skb->vlan_proto);
        out->vlan_tci = skb->vlan_tci;
    }
    out->gso_segs = kernel_gso_segs(how, skb);
    out->gso_size = kernel_gso_size(how, skb);
    out->pkt_type = BPF_CORE_READ_BITFIELD(skb, pkt_type);
    out->ip_summed = BPF_CORE_READ_BITFIELD(skb, ip_summed);
    out->stack_bytes = 0;
    out->zero = 0;
    if (dev) {
        out->flags |= direction(skb, dev);
        kernel_dev_name(dev, out->ifname);
    } else {
        __builtin_memset(out->ifname, 0, sizeof(out->ifname));
    }
}
