// SPDX-License-Identifier: GPL-2.0-or-later
// Counts packets the kernel receives, where a tracepoint of net: passes one as its only argument:
// netif_receive_skb, or one of those before it. Two programs, as two ways lead into GRO.
#define BEING_RECEIVED 1
#include "counting.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct wire_config config = {};

static __always_inline int received(enum how how, void *ctx, struct sk_buff *skb)
{
    struct event event = {.ctx = ctx, .skb = skb};
    struct flow flow = {};

    if (config.ifindex && on_other_device(skb))
        return 0;
    if (!wanted(how, &event, &flow))
        return 0;
    return take(how, &event, &flow);
}

#define VARIANT(name, how)                                  \
    SEC("?tp_btf/netif_receive_skb") int name(__u64 *ctx)   \
    {                                                       \
        return received(how, ctx, kernel_skb(how, ctx[0])); \
    }

VARIANT(cast_0, HOW_CAST)
VARIANT(cast_1, HOW_CAST)
VARIANT(probe_0, HOW_PROBE)
VARIANT(probe_1, HOW_PROBE)
