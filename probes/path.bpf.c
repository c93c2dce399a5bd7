// SPDX-License-Identifier: GPL-2.0-or-later
// Which functions received packets reach, and where they end: a packet that is asked for is
// remembered by its address where the stack takes it, and found again where that address is an
// argument. Where the kernel lets nobody watch functions, tracepoints are watched.
#define BEING_RECEIVED 1
#include "counting.bpf.h"

#include <linux/ptrace.h>

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

const volatile struct wire_config config = {};
const volatile __u32 point_cookies[WIRE_PATH_POINTS] = {};
const volatile __u32 kfree_skb_arguments = 2, consume_skb_arguments = 1;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, WIRE_PATH_PACKETS);
    __type(key, __u64); // address of the packet
    __type(value, struct wire_path_packet);
} on_their_way SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, WIRE_PATH_ENDS);
    __type(key, struct wire_path_end);
    __type(value, __u64);
} ends SEC(".maps");

// Where a probe has no cookie (before 5.15: 7adfc6c9b315, "bpf: Add bpf_get_attach_cookie() BPF
// helper"), the address of its function tells the row.
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, WIRE_PATH_ROWS);
    __type(key, __u64);
    __type(value, __u64);
} cookies SEC(".maps");

// What a CPU is cloning: from the call of skb_clone() to its return.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct wire_path_packet);
} cloning SEC(".maps");

__u64 reached_by[WIRE_PATH_ROWS] = {};
struct wire_path_totals path_totals = {};

static __always_inline void count_end(const struct wire_path_end *end)
{
    __u64 one = 1, *count = bpf_map_lookup_elem(&ends, end);

    if (!count) {
        if (!bpf_map_update_elem(&ends, end, &one, BPF_NOEXIST))
            return;
        count = bpf_map_lookup_elem(&ends, end);
    }
    if (count)
        __sync_fetch_and_add(count, 1);
    else
        __sync_fetch_and_add(&path_totals.ends_lost, 1);
}

static __always_inline void ended(__u64 skb, __u32 how, __u64 location, __u32 reason)
{
    struct wire_path_packet *packet = bpf_map_lookup_elem(&on_their_way, &skb);
    struct wire_path_end end = {.location = location, .reason = reason, .how = how};

    if (!packet)
        return;
    end.copied = packet->copied;
    if (!bpf_map_delete_elem(&on_their_way, &skb))
        count_end(&end);
}

static __always_inline void reached(struct wire_path_packet *packet, __u32 row)
{
    __u64 bit = 1ULL << (row & (WIRE_PATH_ROWS - 1));

    if (packet->reached & bit)
        return;
    packet->reached |= bit;
    __sync_fetch_and_add(&reached_by[row & (WIRE_PATH_ROWS - 1)], 1);
}

static __always_inline int begin(enum how how, void *ctx, struct sk_buff *skb, __u64 address)
{
    struct event event = {.ctx = ctx, .skb = skb};
    struct wire_path_packet fresh = {}, *packet;
    struct flow flow = {};

    packet = bpf_map_lookup_elem(&on_their_way, &address);
    fresh.ifindex = skb->dev->ifindex;
    if (packet) {
        // The same packet, now of a bridge or a tunnel. Of the same device it is another one.
        if (packet->ifindex != fresh.ifindex)
            return 0;
        ended(address, WIRE_END_REUSED, 0, 0);
    }
    if ((config.ifindex && on_other_device(skb)) || !wanted(how, &event, &flow, WIRE_BY_PROTO))
        return 0;
    __sync_fetch_and_add(&path_totals.matched, 1);
    if (bpf_map_update_elem(&on_their_way, &address, &fresh, BPF_ANY))
        __sync_fetch_and_add(&path_totals.no_room, 1);
    return 0;
}

SEC("?tp_btf/netif_receive_skb") int begin_cast(__u64 *ctx)
{
    return begin(HOW_CAST, ctx, kernel_skb(HOW_CAST, ctx[0]), ctx[0]);
}

SEC("?tp_btf/netif_receive_skb") int begin_probe(__u64 *ctx)
{
    return begin(HOW_PROBE, ctx, kernel_skb(HOW_PROBE, ctx[0]), ctx[0]);
}

SEC("?tp_btf/kfree_skb") int dropped(__u64 *ctx)
{
    __u64 location = ctx[1];

    ended(ctx[0], WIRE_END_DROPPED, location, kfree_skb_arguments >= 3 ? ctx[2] : 0);
    return 0;
}

// With a location since 6.4 (dd1b527831a3, "net: add location to trace_consume_skb()").
SEC("?tp_btf/consume_skb") int consumed(__u64 *ctx)
{
    ended(ctx[0], WIRE_END_CONSUMED, consume_skb_arguments >= 2 ? ctx[1] : 0, 0);
    return 0;
}

SEC("?tp_btf/skb_copy_datagram_iovec") int read_by_process(__u64 *ctx)
{
    ended(ctx[0], WIRE_END_READ, 0, 0);
    return 0;
}

static __always_inline void look(__u64 cookie, __u64 argument)
{
    struct wire_path_packet *packet = bpf_map_lookup_elem(&on_their_way, &argument);

    if (!packet && cookie & WIRE_PATH_POINTER) {
        bpf_probe_read_kernel(&argument, sizeof(argument), (const void *)argument);
        packet = bpf_map_lookup_elem(&on_their_way, &argument);
    }
    if (!packet)
        return;
    if (cookie & WIRE_PATH_FREED)
        ended(argument, WIRE_END_FREED, 0, 0);
    else if (cookie & WIRE_PATH_READ)
        ended(argument, WIRE_END_READ, 0, 0);
    else
        reached(packet, cookie & WIRE_PATH_ROW_MASK);
}

static __always_inline int called(struct pt_regs *ctx, __u64 cookie)
{
    if (cookie & WIRE_PATH_ARGUMENT)
        look(cookie, PT_REGS_PARM1(ctx));
    if (cookie & WIRE_PATH_ARGUMENT << 1)
        look(cookie, PT_REGS_PARM2(ctx));
    if (cookie & WIRE_PATH_ARGUMENT << 2)
        look(cookie, PT_REGS_PARM3(ctx));
    if (cookie & WIRE_PATH_ARGUMENT << 3)
        look(cookie, PT_REGS_PARM4(ctx));
    return 0;
}

SEC("?kprobe.multi") int function_multi(struct pt_regs *ctx)
{
    return called(ctx, bpf_get_attach_cookie(ctx));
}

SEC("?kprobe") int function_cookie(struct pt_regs *ctx)
{
    return called(ctx, bpf_get_attach_cookie(ctx));
}

// A breakpoint of one byte stands at the function's begin.
SEC("?kprobe") int function_address(struct pt_regs *ctx)
{
    __u64 address = PT_REGS_IP(ctx) - 1, *cookie = bpf_map_lookup_elem(&cookies, &address);

    return cookie ? called(ctx, *cookie) : 0;
}

SEC("?kprobe") int clone_begins(struct pt_regs *ctx)
{
    __u64 address = PT_REGS_PARM1(ctx);
    struct wire_path_packet *packet = bpf_map_lookup_elem(&on_their_way, &address), *mine;
    __u32 slot = 0;

    mine = bpf_map_lookup_elem(&cloning, &slot);
    if (!mine)
        return 0;
    mine->copied = 0;
    if (packet) {
        *mine = *packet;
        mine->copied = 1;
    }
    return 0;
}

SEC("?kretprobe") int clone_ends(struct pt_regs *ctx)
{
    __u64 address = PT_REGS_RC(ctx);
    struct wire_path_packet *mine;
    __u32 slot = 0;

    mine = bpf_map_lookup_elem(&cloning, &slot);
    if (!mine || !mine->copied || !address)
        return 0;
    if (bpf_map_update_elem(&on_their_way, &address, mine, BPF_ANY))
        __sync_fetch_and_add(&path_totals.no_room, 1);
    else
        __sync_fetch_and_add(&path_totals.copies, 1);
    mine->copied = 0;
    return 0;
}

// An argument that the tracepoint does not pass is in a branch that its cookie rules out.
#define POINT(number)                                         \
    SEC("?tp_btf/consume_skb") int point_##number(__u64 *ctx) \
    {                                                         \
        __u32 cookie = point_cookies[number];                 \
                                                              \
        if (cookie & WIRE_PATH_ARGUMENT)                      \
            look(cookie, ctx[0]);                             \
        else if (cookie & WIRE_PATH_ARGUMENT << 1)            \
            look(cookie, ctx[1]);                             \
        else if (cookie & WIRE_PATH_ARGUMENT << 2)            \
            look(cookie, ctx[2]);                             \
        else if (cookie & WIRE_PATH_ARGUMENT << 3)            \
            look(cookie, ctx[3]);                             \
        return 0;                                             \
    }

POINT(0)
POINT(1)
POINT(2)
POINT(3)
POINT(4)
POINT(5)
POINT(6)
POINT(7)
POINT(8)
POINT(9)
POINT(10)
POINT(11)
