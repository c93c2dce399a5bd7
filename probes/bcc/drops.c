// SPDX-License-Identifier: GPL-2.0-or-later
// What drops.py puts into the kernel: counts drops by reason, location and device, and passes the
// first packets of each. Compiled by BCC against the kernel's headers, with -D HAS_REASON,
// MAX_GROUPS, MAX_SAMPLES and RELEASE (of this kernel: with other headers it would read anything).

// BCC brings a uapi/linux/bpf.h of its own, with which linux/bpf.h of a newer kernel cannot be
// compiled. It is not needed where the control groups' part of it has a header of its own.
#if __has_include(<linux/bpf-cgroup-defs.h>)
#define _LINUX_BPF_H 1
#endif
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/net_namespace.h>
#include <generated/utsrelease.h>

_Static_assert(__builtin_strcmp(UTS_RELEASE, RELEASE) == 0,
               "these are the headers of another kernel, " UTS_RELEASE);

#define PACKET_BYTES 192
#define UNSET_HEADER 0xffff

struct drop_key {
    u64 location;
    u32 reason, netns, ifindex, zero;
};

struct drop_group {
    u64 events, packets, bytes, first_ns, last_ns, samples;
    char dev[IFNAMSIZ];
};

enum drop_link { LINK_NONE, LINK_IP, LINK_ETHERNET };

struct drop_sample {
    u64 location, time_ns;
    u32 reason, netns, ifindex, cpu, pid, len, wire_bytes, caplen, mark, hash, link;
    u16 ethertype, gso_segs, gso_size, vlan_proto, vlan_tci;
    u8 pkt_type, ip_summed, has_vlan, received, sent;
    char comm[TASK_COMM_LEN], dev[IFNAMSIZ];
    u8 packet[PACKET_BYTES];
};

// Its place is the CPU's: a drop in an interrupt that comes while a sample is made takes none.
struct drop_scratch {
    u64 busy;
    struct drop_sample sample;
};

struct drop_lost {
    u64 events, packets, bytes;
};

struct drop_device {
    struct net_device *dev; // 0: none
    u32 netns, ifindex;
};

BPF_HASH(groups, struct drop_key, struct drop_group, MAX_GROUPS);
BPF_PERCPU_ARRAY(no_room, struct drop_lost, 1);
BPF_PERCPU_ARRAY(scratches, struct drop_scratch, 1);
BPF_PERF_OUTPUT(samples);

// skb->dev shares its place with other things (TCP's queues, UDP's scratch). One is believed when
// it leads to a network namespace, whose inodes are at the top.
static __always_inline int is_netns(u32 inode)
{
    return inode >= 0xefffff00;
}

static __always_inline u32 netns_of(const possible_net_t *holder)
{
    u32 inode = 0;
#ifdef CONFIG_NET_NS
    struct net *net = 0;

    bpf_probe_read_kernel(&net, sizeof(net), (void *)&holder->net);
    bpf_probe_read_kernel(&inode, sizeof(inode), (void *)&net->ns.inum);
#endif
    return is_netns(inode) ? inode : 0;
}

static __always_inline void find_device(const struct sk_buff *skb, struct drop_device *where)
{
    struct net_device *dev = skb->dev;

    where->dev = 0;
    where->ifindex = 0;
    where->netns = (long)dev < 0 ? netns_of(&dev->nd_net) : 0;
    if (where->netns) {
        where->dev = dev;
        bpf_probe_read_kernel(&where->ifindex, sizeof(where->ifindex), (void *)&dev->ifindex);
    }
}

// From the Ethernet header on where there is one, else from the network header.
static __always_inline void copy_packet(const struct sk_buff *skb, struct net_device *dev,
                                        struct drop_sample *to)
{
    u32 data = (u64)skb->data - (u64)skb->head, start = data, end = data + skb->len - skb->data_len;
    u32 bytes;
    u16 type = 0;

    to->link = LINK_NONE;
    if (skb->network_header != UNSET_HEADER) {
        start = skb->network_header;
        to->link = LINK_IP;
        if (dev)
            bpf_probe_read_kernel(&type, sizeof(type), (void *)&dev->type);
        if (skb->mac_header < skb->network_header &&
            (type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK)) {
            start = skb->mac_header;
            to->link = LINK_ETHERNET;
        }
    }
    to->wire_bytes = skb->len + data - start;
    bytes = end < start ? 0 : end - start;
    if (bytes > PACKET_BYTES)
        bytes = PACKET_BYTES;
    to->caplen = 0;
    if (bytes && !bpf_probe_read_kernel(to->packet, bytes, skb->head + start))
        to->caplen = bytes;
}

static __always_inline void describe(const struct sk_buff *skb, struct drop_device *where,
                                     struct drop_sample *to)
{
    struct skb_shared_info *shared = (void *)(skb->head + skb->end);

    to->time_ns = bpf_ktime_get_ns();
    to->netns = where->netns;
    to->ifindex = where->ifindex;
    to->cpu = bpf_get_smp_processor_id();
    to->pid = bpf_get_current_pid_tgid() >> 32;
    to->len = skb->len;
    to->mark = skb->mark;
    to->hash = skb->hash;
    to->ethertype = skb->protocol;
    to->vlan_proto = skb->vlan_proto;
    to->vlan_tci = skb->vlan_tci;
    to->has_vlan = skb_vlan_tag_present(skb) != 0;
    to->pkt_type = skb->pkt_type;
    to->ip_summed = skb->ip_summed;
    to->received = where->dev && skb->skb_iif && skb->skb_iif == where->ifindex;
    to->sent = where->dev && (skb->skb_iif ? !to->received : skb->sk != 0);
    bpf_probe_read_kernel(&to->gso_segs, sizeof(to->gso_segs), &shared->gso_segs);
    bpf_probe_read_kernel(&to->gso_size, sizeof(to->gso_size), &shared->gso_size);
    bpf_get_current_comm(to->comm, sizeof(to->comm));
    __builtin_memset(to->dev, 0, sizeof(to->dev));
    if (where->dev)
        bpf_probe_read_kernel(to->dev, sizeof(to->dev), (void *)where->dev->name);
    copy_packet(skb, where->dev, to);
}

static __always_inline void count_no_room(u64 packets, u64 bytes)
{
    int slot = 0;
    struct drop_lost *lost = no_room.lookup(&slot);

    if (lost) {
        __sync_fetch_and_add(&lost->events, 1);
        __sync_fetch_and_add(&lost->packets, packets);
        __sync_fetch_and_add(&lost->bytes, bytes);
    }
}

int dropped(struct bpf_raw_tracepoint_args *ctx)
{
    struct sk_buff skb;
    struct skb_shared_info *shared;
    struct drop_key key = {.location = ctx->args[1]};
    struct drop_group none = {}, *group;
    struct drop_scratch *scratch;
    struct drop_device where;
    u64 now = bpf_ktime_get_ns();
    u16 segments = 0;
    int slot = 0;

    // As a whole, so that the compiler finds bits in it where this kernel has them.
    if (bpf_probe_read_kernel(&skb, offsetofend(struct sk_buff, data), (void *)ctx->args[0]))
        return 0;
    find_device(&skb, &where);
    key.netns = where.netns;
    key.ifindex = where.ifindex;
#ifdef HAS_REASON
    key.reason = ctx->args[2];
#endif
    shared = (void *)(skb.head + skb.end);
    bpf_probe_read_kernel(&segments, sizeof(segments), &shared->gso_segs);
    if (!segments)
        segments = 1;
    none.first_ns = now;
    if (where.dev)
        bpf_probe_read_kernel(none.dev, sizeof(none.dev), (void *)where.dev->name);
    group = groups.lookup_or_try_init(&key, &none);
    if (!group) {
        count_no_room(segments, skb.len);
        return 0;
    }
    __sync_fetch_and_add(&group->events, 1);
    __sync_fetch_and_add(&group->packets, segments);
    __sync_fetch_and_add(&group->bytes, skb.len);
    group->last_ns = now;
    if (group->samples >= MAX_SAMPLES)
        return 0;
    scratch = scratches.lookup(&slot);
    if (!scratch || scratch->busy)
        return 0;
    scratch->busy = 1;
    __sync_fetch_and_add(&group->samples, 1);
    scratch->sample.location = key.location;
    scratch->sample.reason = key.reason;
    describe(&skb, &where, &scratch->sample);
    samples.perf_submit(ctx, &scratch->sample, sizeof(scratch->sample));
    scratch->busy = 0;
    return 0;
}
