// SPDX-License-Identifier: GPL-2.0-or-later
// Which device a packet is on, and of which namespace. Found at the start where a key or a filter
// asks; else only for the few that are described.
#pragma once

#include "packet.bpf.h"

// skb->dev shares its place with a tree node (TCP's queues, netem) and with UDP's scratch, so what
// is there may be no device. One is believed when it leads to a namespace: their inodes are at the
// top (proc_alloc_inum() begins at 0xf0000000, those of the first namespaces are just below).
static __always_inline bool is_netns_inode(__u32 inode)
{
    return inode >= 0xefffff00;
}

static __always_inline __u32 socket_netns(struct sock *sk)
{
    __u32 inode = 0;

    if (sk)
        inode = sk->__sk_common.skc_net.net->ns.inum;
    return is_netns_inode(inode) ? inode : 0;
}

static __always_inline void find_device(struct event *event)
{
    struct net_device *dev = event->skb->dev;

    if ((long)dev < 0) { // a kernel address
        __u32 inode = dev->nd_net.net->ns.inum;

        if (is_netns_inode(inode)) {
            event->dev = dev;
            event->netns = inode;
            event->ifindex = dev->ifindex;
            return;
        }
    }
    event->netns = socket_netns(event->skb->sk);
    if (!event->netns)
        event->netns = socket_netns(event->rx_sk);
}

// A device is asked for by its index and its namespace: the same as find_device(), in fewer steps.
static __always_inline bool on_other_device(struct sk_buff *skb)
{
    struct net_device *dev = skb->dev;

    return (long)dev >= 0 || dev->ifindex != (int)config.ifindex ||
           dev->nd_net.net->ns.inum != config.netns;
}
