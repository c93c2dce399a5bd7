// SPDX-License-Identifier: GPL-2.0-or-later
// Counting by key: a hash of groups that the tool swaps for an empty one while we run, and before
// it, on each CPU, the group met last. Every event ends in exactly one place: pending of a CPU, a
// group, no_room or map_error.
#pragma once

#include "device.bpf.h"

// The tool makes all of these maps (tools/source/group_maps.h): in slot 0 is the one of two hashes
// that is written. Groups are preallocated and never deleted while in use: a deleted entry may be
// reused under a writer.
#define GROUPS(name, key_type, value_bytes)                \
    struct {                                               \
        __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);          \
        __uint(max_entries, 1);                            \
        __type(key, __u32);                                \
        __array(                                           \
            values, struct {                               \
                __uint(type, BPF_MAP_TYPE_HASH);           \
                __uint(max_entries, 1);                    \
                __uint(key_size, sizeof(struct key_type)); \
                __uint(value_size, value_bytes);           \
            });                                            \
    } name SEC(".maps")

GROUPS(groups_small, wire_key_small, sizeof(struct wire_group));
GROUPS(groups_flow4, wire_key_flow4, WIRE_GROUP_NO_NAME);
GROUPS(groups_full, wire_key_full, sizeof(struct wire_group));

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct wire_cpu);
} cpus SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} ring SEC(".maps");

struct wire_fill fill = {};

enum {
    FIRST_SAMPLES = 4,      // of a group go at once,
    SAMPLE_JIFFIES = 64,    // the others at this distance
    SAMPLES_PER_JIFFY = 16, // of all groups on one CPU
};

static __always_inline void add(struct wire_count *to, const struct wire_count *count)
{
    __sync_fetch_and_add(&to->events, count->events);
    __sync_fetch_and_add(&to->bytes, count->bytes);
    if (count->more_packets)
        __sync_fetch_and_add(&to->more_packets, count->more_packets);
}

static __always_inline void *group_map(__u32 kind)
{
    __u32 slot = 0;

    if (kind == WIRE_KEY_SMALL)
        return bpf_map_lookup_elem(&groups_small, &slot);
    if (kind == WIRE_KEY_FLOW4)
        return bpf_map_lookup_elem(&groups_flow4, &slot);
    return bpf_map_lookup_elem(&groups_full, &slot);
}

// Tells the tool once that a map of groups may be nearly full, so that it swaps in time.
static __always_inline void count_new_group(__u32 kind)
{
    bool fraction = config.layout == WIRE_KEY_FLOW4 && kind == WIRE_KEY_FULL;
    struct wire_head *head;

    __sync_fetch_and_add(&fill.groups, fraction ? WIRE_FULL_FRACTION : 1);
    if (fill.groups < config.nearly_full || fill.told)
        return;
    fill.told = 1;
    head = bpf_ringbuf_reserve(&ring, sizeof(*head), 0);
    if (!head)
        return;
    head->kind = WIRE_NEARLY_FULL;
    head->tag = 0;
    bpf_ringbuf_submit(head, BPF_RB_FORCE_WAKEUP);
}

// What is to be counted, and where.
struct entry {
    struct wire_cpu *cpu;
    void *key;
    struct net_device *dev; // 0: the name is not known any more, or there is none
    struct wire_count count;
    __u64 first, last;
};

static __always_inline struct wire_group *insert_group(__u32 kind, struct entry *entry)
{
    struct wire_group fresh = {.first = entry->first, .last = entry->last};
    void *map = group_map(kind);
    struct wire_group *group = 0;
    long err = 0;

    if (entry->dev)
        kernel_dev_name(entry->dev, fresh.ifname);
    if (map) {
        // Another CPU may insert the same key first: whoever loses the race counts into its group.
        err = bpf_map_update_elem(map, entry->key, &fresh, BPF_NOEXIST);
        group = bpf_map_lookup_elem(map, entry->key);
    }
    if (group) {
        if (!err)
            count_new_group(kind);
        add(&group->count, &entry->count);
        return group;
    }
    add(err == -7 /* E2BIG */ ? &entry->cpu->no_room : &entry->cpu->map_error, &entry->count);
    return 0;
}

// New groups are rare: their code stands aside, once per kind of key.
static __noinline struct wire_group *insert_small(struct entry *entry)
{
    return insert_group(WIRE_KEY_SMALL, entry);
}

static __noinline struct wire_group *insert_flow4(struct entry *entry)
{
    return insert_group(WIRE_KEY_FLOW4, entry);
}

static __noinline struct wire_group *insert_full(struct entry *entry)
{
    return insert_group(WIRE_KEY_FULL, entry);
}

// The group's value after counting into it; 0 when it was counted as no_room or map_error.
static __always_inline struct wire_group *count_entry(__u32 kind, struct entry *entry)
{
    void *map = group_map(kind);
    struct wire_group *group = map ? bpf_map_lookup_elem(map, entry->key) : 0;

    if (group) {
        add(&group->count, &entry->count);
        if (group->last < entry->last)
            group->last = entry->last;
        return group;
    }
    if (kind == WIRE_KEY_SMALL)
        return insert_small(entry);
    if (kind == WIRE_KEY_FLOW4)
        return insert_flow4(entry);
    return insert_full(entry);
}

// Moves what this CPU has counted of its last group into the group.
static __always_inline void flush(__u32 kind, struct wire_cpu *cpu, struct entry *entry)
{
    if (!cpu->pending.events)
        return;
    entry->cpu = cpu;
    entry->key = &cpu->key;
    entry->dev = 0;
    entry->count = cpu->pending;
    entry->first = cpu->first;
    entry->last = cpu->last;
    cpu->pending.events = 0;
    cpu->pending.bytes = 0;
    cpu->pending.more_packets = 0;
    count_entry(kind, entry);
}

static __always_inline bool may_sample(struct wire_cpu *cpu, struct wire_group *group, __u32 now)
{
    if (group->samples >= WIRE_SAMPLES ||
        (group->samples >= FIRST_SAMPLES && (__s32)(now - group->next_sample) < 0))
        return false;
    if (cpu->sample_jiffy != now) {
        cpu->sample_jiffy = now;
        cpu->sample_budget = SAMPLES_PER_JIFFY;
    }
    if (!cpu->sample_budget)
        return false;
    cpu->sample_budget--;
    return true;
}

static __always_inline __u32 key_bytes(__u32 kind)
{
    if (kind == WIRE_KEY_SMALL)
        return sizeof(struct wire_key_small);
    return kind == WIRE_KEY_FLOW4 ? sizeof(struct wire_key_flow4) : sizeof(struct wire_key_full);
}

static __always_inline int send_sample(enum how how, struct event *event, __u32 kind,
                                       const void *key, struct wire_group *group)
{
    struct wire_sample *sample = bpf_ringbuf_reserve(&ring, sizeof(*sample), 0);
    long bytes;

    if (!sample) {
        event->cpu->samples_lost++;
        return 0;
    }
    if (!config.needs_device)
        find_device(event);
    sample->head.kind = WIRE_SAMPLE;
    sample->head.tag = kind;
    bpf_probe_read_kernel(&sample->key, key_bytes(kind), key);
    describe(how, event, &sample->event);
    copy_packet(event, &sample->event, sample->packet);
    if (config.stacks && !group->samples) {
        bytes = bpf_get_stack(event->ctx, sample->stack, sizeof(sample->stack), 0);
        if (bytes > 0)
            sample->event.stack_bytes = bytes;
    }
    group->samples++;
    group->next_sample = event->now + SAMPLE_JIFFIES;
    bpf_ringbuf_submit(sample, BPF_RB_NO_WAKEUP);
    return 0;
}

static __noinline int send_sample_cast(struct event *event, __u32 kind, const void *key,
                                       struct wire_group *group)
{
    return send_sample(HOW_CAST, event, kind, key, group);
}

static __noinline int send_sample_probe(struct event *event, __u32 kind, const void *key,
                                        struct wire_group *group)
{
    return send_sample(HOW_PROBE, event, kind, key, group);
}
