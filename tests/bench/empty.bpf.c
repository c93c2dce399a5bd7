// SPDX-License-Identifier: GPL-2.0-or-later
// What the hook itself costs: a program that does nothing.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/kfree_skb") int nothing(void *ctx)
{
    (void)ctx;
    return 0;
}
