// SPDX-License-Identifier: GPL-2.0-or-later
// What cannot be done for less: the hook alone, and the bare acts of counting by flow and of sending
// a record, without a filter, a sample, a namespace or a loss told. On a machine where one of these
// misses a target, so must whydrop.
#include "../../probes/flow.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct flow_key {
    __u32 saddr, daddr;
    __u16 sport, dport;
    __u8 l4proto, family;
    __u16 zero;
};

struct flow_count {
    __u64 events, bytes;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 131072);
    __type(key, struct flow_key);
    __type(value, struct flow_count);
} flows SEC(".maps");

// Nobody reads it; it takes all that comes by being larger than a run.
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 256 << 20);
} records SEC(".maps");

struct record {
    __u64 time_ns, location, reason;
    __u8 packet[96];
};

SEC("?tp_btf/kfree_skb") int empty(void *ctx)
{
    (void)ctx;
    return 0;
}

// The same where packets are received.
SEC("?tp_btf/netif_receive_skb") int empty_receive(void *ctx)
{
    (void)ctx;
    return 0;
}

SEC("?tp_btf/kfree_skb") int flow(__u64 *ctx)
{
    struct sk_buff *skb = kernel_skb(HOW_CAST, ctx[0]);
    struct flow_count *count, first = {1, skb->len};
    struct flow flow = {};
    struct flow_key key = {};

    parse_flow(HOW_CAST, skb, &flow, WIRE_BY_FLOW);
    key.saddr = flow.saddr;
    key.daddr = flow.daddr;
    key.sport = flow.sport;
    key.dport = flow.dport;
    key.l4proto = flow.l4proto;
    key.family = flow.family;
    count = bpf_map_lookup_elem(&flows, &key);
    if (!count) {
        bpf_map_update_elem(&flows, &key, &first, BPF_NOEXIST);
        return 0;
    }
    __sync_fetch_and_add(&count->events, 1);
    __sync_fetch_and_add(&count->bytes, skb->len);
    return 0;
}

SEC("?tp_btf/kfree_skb") int ring(__u64 *ctx)
{
    struct sk_buff *skb = (struct sk_buff *)ctx[0];
    struct record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

    if (!record)
        return 0;
    record->time_ns = bpf_ktime_get_ns();
    record->location = ctx[1];
    record->reason = ctx[2];
    bpf_probe_read_kernel(record->packet, sizeof(record->packet), skb->data);
    bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
    return 0;
}
