// SPDX-License-Identifier: GPL-2.0-or-later
// Where a packet's bytes begin, and how many lie in one piece.
#pragma once

#include "kernel.h"
#include "wire.h"

enum {
    UNSET_HEADER = 0xffff, // skb->mac_header and network_header that nobody has set
    ARPHRD_ETHER = 1,      // include/uapi/linux/if_arp.h
    ARPHRD_LOOPBACK = 772,
};

// Which of the two a probe is at: a packet that has been received has its network header set. One
// that is being received has not; it begins where the next layer is to read, behind the link
// header.
#ifndef BEING_RECEIVED
#define BEING_RECEIVED 0
#endif

// 0: nobody has said where it is.
static __always_inline const unsigned char *network_header(struct sk_buff *skb)
{
    __u16 offset;

    if (BEING_RECEIVED)
        return skb->data;
    offset = skb->network_header;
    return offset == UNSET_HEADER ? 0 : skb->head + offset;
}

// The same from skb->head; UNSET_HEADER instead of 0.
static __always_inline __u32 network_offset(struct sk_buff *skb)
{
    return BEING_RECEIVED ? (__u32)(skb->data - skb->head) : skb->network_header;
}

struct extent {
    __u64 start;    // address of the first byte
    __u32 readable; // bytes of the linear part from there on
    __u32 bytes;    // from there to the packet's end
    __u32 link;     // WIRE_EVENT_MAC, WIRE_EVENT_L3, or 0: nobody has said with what it begins
};

static __always_inline bool speaks_ethernet(struct net_device *dev)
{
    return (long)dev < 0 && (dev->type == ARPHRD_ETHER || dev->type == ARPHRD_LOOPBACK);
}

// From the Ethernet header on where there is one, else from the network header. What is before it
// on another kind of device, or on one that the packet has left, is of a kind that nobody knows.
static __always_inline void find_extent(struct sk_buff *skb, struct net_device *dev,
                                        struct extent *extent)
{
    __u32 mac = skb->mac_header, network = network_offset(skb);
    __u64 head = (__u64)skb->head;
    __u32 len = skb->len;
    __u32 data = (__u64)skb->data - head;
    __u32 linear_end = data + len - skb->data_len;
    __u32 start = data;

    extent->link = 0;
    if (network != UNSET_HEADER) {
        start = network;
        extent->link = WIRE_EVENT_L3;
        if (mac < network && speaks_ethernet(dev)) {
            start = mac;
            extent->link = WIRE_EVENT_MAC;
        }
    }
    extent->start = head + start;
    // Negative where the kernel has already trimmed the packet to nothing: no bytes then.
    extent->bytes = len + (data - start);
    extent->readable = linear_end < start ? 0 : linear_end - start;
}
