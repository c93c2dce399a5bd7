// SPDX-License-Identifier: GPL-2.0-or-later
// What is done with a packet that a probe was called for: is it wanted, under which key is it
// counted, is it shown.
#pragma once

#include "groups.bpf.h"
#include "pcap.bpf.h"
#include "wanted.bpf.h"

static __always_inline __u8 pkt_type_of(const struct event *event)
{
    return config.keys & WIRE_BY_PKT_TYPE ? BPF_CORE_READ_BITFIELD(event->skb, pkt_type) : 0;
}

static __always_inline void fill_small(struct wire_key_small *key, const struct event *event,
                                       const struct flow *flow)
{
    __u32 keys = config.keys;

    key->location = keys & WIRE_BY_LOCATION ? event->location : 0;
    key->reason = keys & WIRE_BY_REASON ? event->key_reason : 0;
    key->netns = keys & (WIRE_BY_DEV | WIRE_BY_NETNS) ? event->netns : 0;
    key->ifindex = keys & WIRE_BY_DEV ? event->ifindex : 0;
    key->ethertype = 0;
    key->l4proto = 0;
    key->has_l4 = 0;
    key->pkt_type = pkt_type_of(event);
    if (keys & WIRE_BY_PROTO) {
        key->ethertype = flow->ethertype;
        key->l4proto = flow->l4proto;
        key->has_l4 = flow->has_l4;
    }
}

static __always_inline void fill_flow4(struct wire_key_flow4 *key, const struct event *event,
                                       const struct flow *flow)
{
    __u32 keys = config.keys;
    bool whole = keys & WIRE_BY_FLOW;

    key->location = keys & WIRE_BY_LOCATION ? event->location : 0;
    key->reason = keys & WIRE_BY_REASON ? event->key_reason : 0;
    key->netns = keys & WIRE_BY_NETNS ? event->netns : 0;
    key->saddr = whole || keys & WIRE_BY_SRC ? flow->saddr : 0;
    key->daddr = whole || keys & WIRE_BY_DST ? flow->daddr : 0;
    key->sport = whole ? flow->sport : 0;
    key->dport = whole ? flow->dport : 0;
    key->l4proto = whole || keys & WIRE_BY_PROTO ? flow->l4proto : 0;
    key->family = 4;
    key->pkt_type = pkt_type_of(event);
    key->zero = 0;
}

static __always_inline void fill_address(__u32 *to, const struct flow *flow, __u32 ipv4,
                                         __u32 ipv6_offset)
{
    if (flow->family == 6)
        bpf_probe_read_kernel(to, 16, flow->ipv6 + ipv6_offset);
    else
        to[0] = ipv4;
}

static __always_inline void fill_full(struct wire_key_full *key, const struct event *event,
                                      const struct flow *flow)
{
    __u32 keys = config.keys;
    bool whole = keys & WIRE_BY_FLOW;

    __builtin_memset(key, 0, sizeof(*key));
    if (keys & WIRE_BY_LOCATION)
        key->location = event->location;
    if (keys & WIRE_BY_REASON)
        key->reason = event->key_reason;
    if (keys & (WIRE_BY_DEV | WIRE_BY_NETNS))
        key->netns = event->netns;
    if (keys & WIRE_BY_DEV)
        key->ifindex = event->ifindex;
    key->pkt_type = pkt_type_of(event);
    if (keys & WIRE_BY_PROTO)
        key->ethertype = flow->ethertype;
    if (keys & (WIRE_BY_FLOW | WIRE_BY_SRC | WIRE_BY_DST))
        key->family = flow->family;
    if (whole || keys & WIRE_BY_PROTO) {
        key->l4proto = flow->l4proto;
        key->has_l4 = flow->has_l4;
    }
    if (whole || keys & WIRE_BY_SRC)
        fill_address(key->saddr, flow, flow->saddr, IPV6_SADDR);
    if (whole || keys & WIRE_BY_DST)
        fill_address(key->daddr, flow, flow->daddr, IPV6_DADDR);
    if (whole) {
        key->sport = flow->sport;
        key->dport = flow->dport;
    }
}

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, WIRE_STACK_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

static __always_inline void fill_stack_and_comm(struct wire_key_full *key,
                                                const struct event *event)
{
    if (config.keys & WIRE_BY_STACK) {
        key->stack_id = bpf_get_stackid(event->ctx, &stacks, 0);
        if (key->stack_id < 0)
            __sync_fetch_and_add(&event->cpu->stack_errors, 1);
    }
    if (config.keys & WIRE_BY_COMM && !(event->context & WIRE_EVENT_INTERRUPT))
        bpf_get_current_comm(key->comm, sizeof(key->comm));
}

// Field by field: what has just been written in parts is slow to be read as a whole.
static __always_inline bool same_small(const struct wire_key_small *a,
                                       const struct wire_key_small *b)
{
    return a->location == b->location && a->reason == b->reason && a->netns == b->netns &&
           a->ifindex == b->ifindex && a->ethertype == b->ethertype && a->l4proto == b->l4proto &&
           (&a->l4proto)[1] == (&b->l4proto)[1]; // both halves of the last byte
}

static __always_inline bool same_key(const struct wire_cpu *cpu, const void *key, __u32 kind)
{
    const __u64 *a = (const void *)&cpu->key, *b = key;

    if (cpu->key_kind != kind)
        return false;
    if (kind == WIRE_KEY_SMALL)
        return same_small(&cpu->key.small, key);
    if (a[0] != b[0] || a[1] != b[1] || a[2] != b[2] || a[3] != b[3])
        return false;
    if (kind == WIRE_KEY_FLOW4)
        return true;
    return a[4] == b[4] && a[5] == b[5] && a[6] == b[6] && a[7] == b[7] && a[8] == b[8] &&
           a[9] == b[9];
}

static __always_inline void keep_key(struct wire_cpu *cpu, const void *key, __u32 kind)
{
    cpu->key_kind = kind;
    if (kind == WIRE_KEY_SMALL)
        __builtin_memcpy(&cpu->key, key, sizeof(struct wire_key_small));
    else if (kind == WIRE_KEY_FLOW4)
        __builtin_memcpy(&cpu->key, key, sizeof(struct wire_key_flow4));
    else
        __builtin_memcpy(&cpu->key, key, sizeof(struct wire_key_full));
}

// A group that still wants samples is looked at again with the next event, or the next jiffy.
static __always_inline __u32 next_look(const struct event *event, const struct wire_group *group)
{
    if (group->samples >= WIRE_SAMPLES)
        return (__u32)event->now + (1u << 30);
    if (group->samples >= FIRST_SAMPLES)
        return group->next_sample;
    return (__u32)event->now + (event->cpu->sample_budget ? 0 : 1);
}

// Counts one event under its key. `nested`: this CPU was already counting when one in an
// interrupt came (before 6.1, 05b24ff9b2cf, nothing in the kernel forbids that): its part is not
// touched.
static __always_inline void count_event(enum how how, struct event *event, void *key, __u32 kind,
                                        bool nested)
{
    struct wire_cpu *cpu = event->cpu;
    struct wire_group *group;
    struct entry entry;

    if (!nested && same_key(cpu, key, kind) && (__s32)((__u32)event->now - cpu->next_sample) < 0) {
        if (!cpu->pending.events)
            cpu->first = event->now;
        cpu->last = event->now;
        cpu->pending.events++;
        cpu->pending.bytes += event->len;
        cpu->pending.more_packets += event->more_packets;
        return;
    }
    if (!nested) {
        if (cpu->key_kind == kind)
            flush(kind, cpu, &entry);
        else if (config.layout == WIRE_KEY_FLOW4) // the one layout with two kinds of key
            flush(kind == WIRE_KEY_FLOW4 ? WIRE_KEY_FULL : WIRE_KEY_FLOW4, cpu, &entry);
    }
    entry = (struct entry){.cpu = cpu,
                           .key = key,
                           .dev = event->dev,
                           .count = {1, event->more_packets, event->len},
                           .first = event->now,
                           .last = event->now};
    group = count_entry(kind, &entry);
    if (nested)
        return;
    if (!group) {
        cpu->key_kind = WIRE_KEY_NONE;
        return;
    }
    if (may_sample(cpu, group, event->now)) {
        if (how == HOW_CAST)
            send_sample_cast(event, kind, key, group);
        else
            send_sample_probe(event, kind, key, group);
    }
    keep_key(cpu, key, kind);
    cpu->next_sample = next_look(event, group);
}

static __always_inline void send_each(enum how how, struct event *event)
{
    __u32 snap = config.snap, stack_room = config.stacks ? WIRE_STACK_DEPTH * sizeof(__u64) : 0;
    struct wire_each *each = bpf_ringbuf_reserve(&ring, sizeof(*each) + snap + stack_room, 0);
    __u8 *tail;
    long bytes;

    if (!each) {
        __sync_fetch_and_add(&event->cpu->ring_full, 1);
        return;
    }
    each->head.kind = WIRE_EACH;
    each->head.tag = event->key_reason >> WIRE_PART_SHIFT;
    describe(how, event, &each->event);
    tail = (__u8 *)(each + 1);
    copy_packet(event, &each->event, tail);
    if (config.stacks) {
        bytes = bpf_get_stack(event->ctx, tail + snap, WIRE_STACK_DEPTH * sizeof(__u64), 0);
        if (bytes > 0)
            each->event.stack_bytes = bytes;
    }
    bpf_ringbuf_submit(each, BPF_RB_NO_WAKEUP);
}

static __always_inline void count_by_key(enum how how, struct event *event, const struct flow *flow,
                                         __u32 layout, bool nested)
{
    union wire_key key; // one for all kinds: the stack has 512 bytes

    if (layout == WIRE_KEY_SMALL) {
        fill_small(&key.small, event, flow);
        count_event(how, event, &key, WIRE_KEY_SMALL, nested);
    } else if (layout == WIRE_KEY_FLOW4 && flow->family == 4) {
        fill_flow4(&key.flow4, event, flow);
        count_event(how, event, &key, WIRE_KEY_FLOW4, nested);
    } else {
        fill_full(&key.full, event, flow);
        fill_stack_and_comm(&key.full, event);
        count_event(how, event, &key, WIRE_KEY_FULL, nested);
    }
}

static __always_inline __u32 packets_beyond_first(enum how how, struct sk_buff *skb)
{
    __u16 segments = kernel_gso_segs(how, skb);

    return segments > 1 ? segments - 1 : 0;
}

// Is it what was asked for? Finds its length, and as much of its flow as is `asked` (WIRE_BY_*).
static __always_inline bool wanted(enum how how, struct event *event, struct flow *flow,
                                   __u32 asked)
{
    __u32 slot = 0;

    if (config.needs_device) {
        find_device(event);
        if (config.netns && event->netns != config.netns)
            return false;
    }
    if (config.needs_flow) {
        parse_flow(how, event->skb, flow, asked);
        if (!flow_wanted(flow))
            return false;
    }
    event->cpu = bpf_map_lookup_elem(&cpus, &slot);
    if (!event->cpu)
        return false;
    if (config.pcap) {
        __u32 verdict = pcap_verdict(how, event->skb);

        if (verdict == WIRE_PCAP_UNDECIDED)
            __sync_fetch_and_add(&event->cpu->undecided, 1);
        if (verdict != WIRE_PCAP_YES)
            return false;
    }
    if (config.filter_pid || config.filter_comm || config.keys & WIRE_BY_COMM)
        event->context = context_flags(how, (void *)bpf_get_current_task(), event);
    if (!task_wanted(event))
        return false;
    event->len = event->skb->len;
    return true;
}

// Counts it, or sends it with --each. `layout`: config's, or the same where the compiler knows it.
static __always_inline int take(enum how how, struct event *event, struct flow *flow, __u32 layout)
{
    bool nested;

    if (config.each) {
        send_each(how, event);
        return 0;
    }
    event->more_packets = packets_beyond_first(how, event->skb);
    event->now = bpf_jiffies64();
    nested = event->cpu->busy;
    event->cpu->busy = 1;
    count_by_key(how, event, flow, layout, nested);
    if (!nested)
        event->cpu->busy = 0;
    return 0;
}

// Run by the tool: what a jiffy is in nanoseconds, without knowing HZ.
struct wire_clock clock_pair = {};

SEC("?socket") int read_clock(void *ctx)
{
    (void)ctx;
    clock_pair.jiffies = bpf_jiffies64();
    clock_pair.mono_ns = bpf_ktime_get_ns();
    return 0;
}
