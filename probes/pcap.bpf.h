// SPDX-License-Identifier: GPL-2.0-or-later
// A pcap-filter expression, asked of each packet before anything is counted. The tool compiles and
// translates it (tools/filter) and writes it over the two places below: one for packets that begin
// with an Ethernet header, one for those that begin with an IP header.
#pragma once

#include "extent.bpf.h"

#include <bpf/bpf_endian.h>

enum {
    PCAP_DEPTH = 3, // a drop in an interrupt may come while one is looked at (before 6.1)
    PCAP_MACS = 12, // where an 802.1Q tag stands in a frame,
    PCAP_TAG = 4,   // and its length
};

// The packet as the filter is to see it. `depth` is of the first view alone: how many
// are lent.
struct pcap_view {
    __u8 bytes[WIRE_PCAP_VIEW];
    __u32 depth;
    __u32 zero;
    __u64 packet; // what the filter is told
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, PCAP_DEPTH);
    __type(key, __u32);
    __type(value, struct pcap_view);
} pcap_views SEC(".maps");

// `packet`: its address, or in a program without direct reads the number of its view. Gives
// WIRE_PCAP_*. What is written over it finds the map of views in r5. A global function: the
// verifier looks at it once, and not in every state of the caller.
#define PCAP_PLACE(name, mark)                                                        \
    __attribute__((naked, noinline)) int name(__u64 packet __attribute__((unused)),   \
                                              __u32 readable __attribute__((unused)), \
                                              __u32 bytes __attribute__((unused)))    \
    {                                                                                 \
        asm volatile(                                                                 \
            "r5 = pcap_views ll\n"                                                    \
            ".rept %[room]\n"                                                         \
            "r0 = %[value]\n"                                                         \
            ".endr\n"                                                                 \
            "exit"                                                                    \
            :                                                                         \
            : [room] "i"(WIRE_PCAP_ROOM), [value] "i"(mark));                         \
    }

PCAP_PLACE(pcap_ethernet, WIRE_PCAP_ETHERNET)
PCAP_PLACE(pcap_raw, WIRE_PCAP_RAW)

// What of a packet a filter asks about.
struct pcap_packet {
    struct extent extent;
    __u32 tag; // in metadata: its protocol in the upper half, its control in the lower; 0: none
};

static __always_inline __u32 copy_bytes(__u8 *to, __u32 bytes, __u32 room, __u64 from)
{
    if (bytes > room)
        bytes = room;
    return bpf_probe_read_kernel(to, bytes, (const void *)from) ? 0 : bytes;
}

// With the tag where it was on the wire.
static __always_inline __u32 copy_tagged(struct pcap_view *view, __u64 start, __u32 readable,
                                         __u32 tag)
{
    const __u32 behind_tag = PCAP_MACS + PCAP_TAG;

    if (readable < PCAP_MACS)
        return copy_bytes(view->bytes, readable, PCAP_MACS, start);
    if (!copy_bytes(view->bytes, PCAP_MACS, PCAP_MACS, start))
        return 0;
    *(__be16 *)(view->bytes + PCAP_MACS) = bpf_htons(tag >> 16);
    *(__be16 *)(view->bytes + PCAP_MACS + 2) = bpf_htons(tag);
    return behind_tag + copy_bytes(view->bytes + behind_tag, readable - PCAP_MACS,
                                   WIRE_PCAP_VIEW - behind_tag, start + PCAP_MACS);
}

static __always_inline __u32 ask_filter(__u32 link, __u64 packet, __u32 readable, __u32 bytes)
{
    if (link == WIRE_EVENT_MAC)
        return pcap_ethernet(packet, readable, bytes);
    return pcap_raw(packet, readable, bytes);
}

static __always_inline __u32 ask_about_copy(enum how how, __u64 start, __u32 readable, __u32 bytes,
                                            __u32 link, __u32 tag)
{
    bool tagged = tag && link == WIRE_EVENT_MAC && bytes >= PCAP_MACS;
    __u32 slot = 0, verdict = WIRE_PCAP_UNDECIDED;
    struct pcap_view *first = bpf_map_lookup_elem(&pcap_views, &slot), *view;

    if (!first)
        return WIRE_PCAP_UNDECIDED;
    slot = first->depth++;
    view = bpf_map_lookup_elem(&pcap_views, &slot);
    if (view) {
        if (tagged)
            readable = copy_tagged(view, start, readable, tag);
        else
            readable = copy_bytes(view->bytes, readable, WIRE_PCAP_VIEW, start);
        // What is read back from a map is a number to the verifier, no pointer.
        *(volatile __u64 *)&view->packet = how == HOW_CAST ? (__u64)view->bytes : slot;
        verdict = ask_filter(link, *(volatile __u64 *)&view->packet, readable,
                             bytes + (tagged ? PCAP_TAG : 0));
    }
    first->depth--;
    return verdict;
}

// Global as well, and rarely needed where reads are direct.
__noinline __u32 ask_about_copy_cast(__u64 start, __u32 readable, __u32 bytes, __u32 link,
                                     __u32 tag)
{
    return ask_about_copy(HOW_CAST, start, readable, bytes, link, tag);
}

__noinline __u32 ask_about_copy_probe(__u64 start, __u32 readable, __u32 bytes, __u32 link,
                                      __u32 tag)
{
    return ask_about_copy(HOW_PROBE, start, readable, bytes, link, tag);
}

// WIRE_PCAP_*: undecided where it takes bytes that are not in the linear part, or not in the copy.
static __always_inline __u32 ask_about(enum how how, const struct pcap_packet *packet)
{
    const struct extent *at = &packet->extent;

    if (!at->link)
        return WIRE_PCAP_UNDECIDED;
    if (how == HOW_PROBE)
        return ask_about_copy_probe(at->start, at->readable, at->bytes, at->link, packet->tag);
    if (packet->tag)
        return ask_about_copy_cast(at->start, at->readable, at->bytes, at->link, packet->tag);
    return ask_filter(at->link, at->start, at->readable, at->bytes);
}

static __always_inline __u32 pcap_verdict(enum how how, struct sk_buff *skb)
{
    struct pcap_packet packet = {};

    find_extent(skb, skb->dev, &packet.extent);
    if (kernel_vlan_tag(skb))
        packet.tag = (__u32)bpf_ntohs(skb->vlan_proto) << 16 | skb->vlan_tci;
    return ask_about(how, &packet);
}
