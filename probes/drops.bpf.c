// SPDX-License-Identifier: GPL-2.0-or-later
// Counts packets the kernel drops, on skb:kfree_skb.
//
// The tracepoint's arguments: skb, location; with a reason since 5.17 (c504e5c2f964, "net: skb:
// introduce kfree_skb_reason()"); with the receiving socket since 6.11 (c53795d48ee8, "net: add
// rx_sk to trace_kfree_skb"). A program that reads an argument the kernel does not pass is refused,
// so there is a variant for each; the tool loads the one that fits.
#include "counting.bpf.h"
#include "split.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct wire_config config = {};

static __always_inline int dropped(enum how how, void *ctx, struct sk_buff *skb, __u64 location,
                                   __u32 reason, struct sock *rx_sk)
{
    struct event event = {
        .ctx = ctx, .skb = skb, .rx_sk = rx_sk, .location = location, .reason = reason};
    struct flow flow = {};

    if (!wanted(how, &event, &flow, config.keys))
        return 0;
    event.key_reason = reason;
    if (reason == config.split_reason)
        event.key_reason |= part_of_reason(skb) << WIRE_PART_SHIFT;
    return take(how, &event, &flow, config.layout);
}

#define VARIANT(name, how, reason, rx_sk)                                       \
    SEC("?tp_btf/kfree_skb") int name(__u64 *ctx)                               \
    {                                                                           \
        struct sk_buff *skb = kernel_skb(how, ctx[0]);                          \
                                                                                \
        if (!reason_wanted(reason) || (config.ifindex && on_other_device(skb))) \
            return 0;                                                           \
        return dropped(how, ctx, skb, ctx[1], reason, rx_sk);                   \
    }

VARIANT(cast_4, HOW_CAST, ctx[2], (struct sock *)ctx[3])
VARIANT(cast_3, HOW_CAST, ctx[2], 0)
VARIANT(probe_4, HOW_PROBE, ctx[2], (struct sock *)ctx[3])
VARIANT(probe_3, HOW_PROBE, ctx[2], 0)
VARIANT(probe_2, HOW_PROBE, 0, 0)
