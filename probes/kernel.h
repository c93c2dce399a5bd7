// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's structs, cut down to the fields the probes read; CO-RE finds where they are on the
// running kernel. All that differs between kernels is gathered here, each with the commit that made
// the difference.
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
    unsigned int inum;
};

struct net {
    struct ns_common ns;
};

typedef struct {
    struct net *net;
} possible_net_t;

struct net_device {
    char name[16];
    int ifindex;
    unsigned short type; // ARPHRD_*
    possible_net_t nd_net;
};

struct sock_common {
    possible_net_t skc_net;
};

struct sock {
    struct sock_common __sk_common;
};

struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
    unsigned int len, data_len;
    int skb_iif; // device by which it came in; 0: it was made here, or is still with its driver
    __u8 pkt_type : 3;
    __u8 ip_summed : 2;
    __be16 protocol;
    __be16 vlan_proto;
    __u16 vlan_tci;
    // The tag is present when: vlan_all is not 0 (354259fa73e2, "net: remove skb->vlan_present",
    // 6.2); before that a bit of its own says so (0c4b2d370514, "net: remove VLAN_TAG_PRESENT",
    // 4.20).
    __u32 vlan_all;
    __u8 vlan_present : 1;
    __u32 hash, mark;
    __u16 transport_header, network_header, mac_header;
    __u32 tail, end; // sk_buff_data_t: offsets from head on 64-bit kernels
    unsigned char *head, *data;
};

struct skb_shared_info {
    unsigned short gso_size, gso_segs;
};

// Sixteen bytes that may be read as numbers of any size.
struct in6_addr {
    int unused;
};

struct vm_struct {
    unsigned long size;
};

// stack_vm_area: with CONFIG_VMAP_STACK (ba14a194a434, 4.9).
struct task_struct {
    unsigned int flags;
    int tgid;
    void *stack;
    struct vm_struct *stack_vm_area;
    char comm[16];
};

#pragma clang attribute pop

// Direct reads of any kernel memory as a type of BTF (a35b9af4ec2c, "bpf: Add a kfunc for generic
// type cast", 6.2): no helper call per field.
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

// How a program variant reads what is no typed pointer (packet bytes, skb_shared_info, tasks).
enum how {
    HOW_CAST,  // directly, through bpf_rdonly_cast to sixteen bytes
    HOW_PROBE, // through bpf_probe_read_kernel
};

// The packet as the tracepoint passes it, no longer "trusted" where that can be: we call nothing
// that needs it, and with each pointer loaded from a trusted struct newer kernels search all of
// their BTF for the exceptions (6fcd486b3a0a, "bpf: Refactor RCU enforcement in the
// verifier", 6.4), which took a third of the time to load the program.
static __always_inline struct sk_buff *kernel_skb(enum how how, __u64 arg)
{
    if (how == HOW_CAST)
        return bpf_rdonly_cast((void *)arg, bpf_core_type_id_kernel(struct sk_buff));
    return (struct sk_buff *)arg;
}

#define LOAD(name, type)                                                                   \
    static __always_inline type name(enum how how, const void *at)                         \
    {                                                                                      \
        type value = 0;                                                                    \
                                                                                           \
        if (how == HOW_CAST)                                                               \
            return *(type *)bpf_rdonly_cast(at, bpf_core_type_id_kernel(struct in6_addr)); \
        bpf_probe_read_kernel(&value, sizeof(value), at);                                  \
        return value;                                                                      \
    }

LOAD(load_u8, __u8)
LOAD(load_u16, __u16)
LOAD(load_u32, __u32)
LOAD(load_u64, __u64)

enum {
    THREAD_BYTES = 16384, // of a kernel stack, where stack_vm_area does not say it
    PF_KTHREAD = 0x00200000,
};

// Are we in an interrupt, hard or soft? preempt_count would say it, but kernels without
// CONFIG_KALLSYMS_ALL do not let BPF find per-CPU variables. So: interrupts have a stack of their
// own (x86, arm64), and only ksoftirqd serves them on its task's. `ctx` is on the stack that we
// were called on, as bpf_trace_run*() puts the arguments there; our own variables need not be
// (7d1cd70d4b16, "bpf, x86: Support private stack in jit", 6.13). `scratch` is memory of a map:
// what is read back from it is a number to the verifier, no pointer.
static __always_inline bool kernel_in_interrupt(enum how how, void *task, void *ctx,
                                                volatile __u64 *scratch)
{
    __u64 stack = load_u64(how, task + bpf_core_field_offset(struct task_struct, stack));
    __u64 here, bytes = THREAD_BYTES, area = 0;

    *scratch = (__u64)ctx;
    here = *scratch;
    if (bpf_core_field_exists(struct task_struct, stack_vm_area))
        area = load_u64(how, task + bpf_core_field_offset(struct task_struct, stack_vm_area));
    if (area)
        bytes = load_u64(how, (void *)area + bpf_core_field_offset(struct vm_struct, size));
    if (here - stack >= bytes)
        return true;
    if (!(load_u32(how, task + bpf_core_field_offset(struct task_struct, flags)) & PF_KTHREAD))
        return false;
    return load_u64(how, task + bpf_core_field_offset(struct task_struct, comm)) ==
           0x71726974666f736bULL; // "ksoftirq"
}

// Of a task: where direct reads are possible, two loads and one take the place of two helper calls.
static __always_inline void kernel_comm(enum how how, void *task, char *to)
{
    const void *comm = task + bpf_core_field_offset(struct task_struct, comm);

    ((__u64 *)to)[0] = load_u64(how, comm);
    ((__u64 *)to)[1] = load_u64(how, comm + 8);
}

// As the initial pid namespace numbers it.
static __always_inline __u32 kernel_tgid(enum how how, void *task)
{
    return load_u32(how, task + bpf_core_field_offset(struct task_struct, tgid));
}

static __always_inline bool kernel_vlan_tag(struct sk_buff *skb)
{
    if (bpf_core_field_exists(skb->vlan_all))
        return skb->vlan_all != 0;
    if (bpf_core_field_exists(skb->vlan_present))
        return BPF_CORE_READ_BITFIELD(skb, vlan_present) != 0;
    return false;
}

// What GSO made of the packet lies behind its linear part.
static __always_inline __u16 kernel_gso_segs(enum how how, struct sk_buff *skb)
{
    return load_u16(how,
                    skb->head + skb->end + bpf_core_field_offset(struct skb_shared_info, gso_segs));
}

static __always_inline __u16 kernel_gso_size(enum how how, struct sk_buff *skb)
{
    return load_u16(how,
                    skb->head + skb->end + bpf_core_field_offset(struct skb_shared_info, gso_size));
}

// Two loads: a helper would cost ten times as much.
static __always_inline void kernel_dev_name(struct net_device *dev, char *to)
{
    const __u64 *name = (void *)dev + bpf_core_field_offset(dev->name);

    ((__u64 *)to)[0] = name[0];
    ((__u64 *)to)[1] = name[1];
}
