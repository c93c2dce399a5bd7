// SPDX-License-Identifier: GPL-2.0-or-later
// Counts what went wrong with frames that XDP programs had answered for: the tracepoints of
// include/trace/events/xdp.h, each where the kernel has it.
#include "kernel.h"
#include "xdp_wire.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_prog_aux {
    __u32 id;
};

struct bpf_prog {
    struct bpf_prog_aux *aux;
};

#pragma clang attribute pop

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, WIRE_XDP_ERRORS);
    __type(key, struct wire_xdp_error);
    __type(value, __u64);
} errors SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct wire_xdp_missed);
} missed SEC(".maps");

static __always_inline void count(const struct wire_xdp_error *error, __u64 frames)
{
    __u64 *known = bpf_map_lookup_elem(&errors, error);
    struct wire_xdp_missed *other;
    __u32 key = 0;

    if (known) {
        *known += frames;
        return;
    }
    // Another CPU may have made the entry in between, whose place for this CPU is 0 then.
    if (!bpf_map_update_elem(&errors, error, &frames, BPF_NOEXIST))
        return;
    known = bpf_map_lookup_elem(&errors, error);
    if (known) {
        *known += frames;
        return;
    }
    other = bpf_map_lookup_elem(&missed, &key);
    if (other)
        other->no_room += frames;
}

static __always_inline void of_device(struct wire_xdp_error *error, struct net_device *dev)
{
    error->ifindex = dev->ifindex;
    error->netns = dev->nd_net.net->ns.inum;
}

// (dev, prog, act)
SEC("tp_btf/xdp_exception")
int exception(__u64 *args)
{
    struct wire_xdp_error error = {.kind = WIRE_XDP_EXCEPTION, .code = (__s32)args[2]};
    struct bpf_prog *program = (void *)args[1];

    of_device(&error, (void *)args[0]);
    error.program = program->aux->id;
    count(&error, 1);
    return 0;
}

// (dev, prog, target, err, ...): what follows has changed (ee75aef23afe, 5.13), this has not.
static __always_inline int redirect_failed(__u64 *args)
{
    struct wire_xdp_error error = {.kind = WIRE_XDP_REDIRECT_ERR, .code = (__s32)args[3]};
    struct bpf_prog *program = (void *)args[1];

    of_device(&error, (void *)args[0]);
    error.program = program->aux->id;
    count(&error, 1);
    return 0;
}

SEC("tp_btf/xdp_redirect_err")
int redirect_err(__u64 *args)
{
    return redirect_failed(args);
}

SEC("tp_btf/xdp_redirect_map_err")
int redirect_map_err(__u64 *args)
{
    return redirect_failed(args);
}

// (from_dev, to_dev, sent, drops, err)
SEC("tp_btf/xdp_devmap_xmit")
int devmap_xmit(__u64 *args)
{
    struct wire_xdp_error error = {.kind = WIRE_XDP_DEVMAP, .code = (__s32)args[4]};
    struct net_device *to = (void *)args[1];

    if ((__s32)args[3] <= 0)
        return 0;
    of_device(&error, (void *)args[0]);
    error.target = to->ifindex;
    count(&error, (__u32)args[3]);
    return 0;
}

// (dev, sent, drops, err)
SEC("tp_btf/xdp_bulk_tx")
int bulk_tx(__u64 *args)
{
    struct wire_xdp_error error = {.kind = WIRE_XDP_BULK_TX, .code = (__s32)args[3]};

    if ((__s32)args[2] <= 0)
        return 0;
    of_device(&error, (void *)args[0]);
    count(&error, (__u32)args[2]);
    return 0;
}

// (map_id, processed, drops, to_cpu)
SEC("tp_btf/xdp_cpumap_enqueue")
int cpumap_enqueue(__u64 *args)
{
    struct wire_xdp_error error = {
        .kind = WIRE_XDP_CPUMAP_ENQUEUE, .map = (__u32)args[0], .target = (__u32)args[3]};

    if ((__u32)args[2])
        count(&error, (__u32)args[2]);
    return 0;
}

// (map_id, processed, drops, sched, ...): runs on the CPU that the frames were sent to.
SEC("tp_btf/xdp_cpumap_kthread")
int cpumap_kthread(__u64 *args)
{
    struct wire_xdp_error error = {.kind = WIRE_XDP_CPUMAP_KTHREAD,
                                   .map = (__u32)args[0],
                                   .target = bpf_get_smp_processor_id()};

    if ((__u32)args[2])
        count(&error, (__u32)args[2]);
    return 0;
}

char _license[] SEC("license") = "GPL";
