// SPDX-License-Identifier: GPL-2.0-or-later
// Counts packets the kernel receives, where a tracepoint of net: passes one as its only argument:
// netif_receive_skb, or one of those before it. Two programs, as two ways lead into GRO.
#define BEING_RECEIVED 1
#include "counting.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct wire_config config = {};

static __always_inline int count_received(enum how how, struct event *event, __u32 layout,
                                          __u32 asked)
{
    struct flow flow = {};

    if (!wanted(how, event, &flow, asked))
        return 0;
    return take(how, event, &flow, layout);
}

// The keys that most ask for have code of their own: what is not in them is not even kept at 0.
static __always_inline int received(enum how how, void *ctx, struct sk_buff *skb)
{
    struct event event = {.ctx = ctx, .skb = skb};

    if (config.ifindex && on_other_device(skb))
        return 0;
    if (config.layout == WIRE_KEY_SMALL)
        return count_received(how, &event, WIRE_KEY_SMALL, WIRE_BY_PROTO);
    return count_received(how, &event, config.layout, config.keys);
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
