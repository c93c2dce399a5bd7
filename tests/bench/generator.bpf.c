// SPDX-License-Identifier: GPL-2.0-or-later
// Run by BPF_PROG_TEST_RUN with live frames: gives each frame its flow and its moment, and passes it
// to the stack.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "frame.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 flows = 1;
const volatile __u64 period_ns = 0; // between two frames; 0: as fast as it goes

__u64 due_ns = 0;
__u64 sent = 0;
__u32 next_flow = 0;

static long not_yet(__u32 turn, void *ctx)
{
    (void)turn;
    (void)ctx;
    return bpf_ktime_get_ns() >= due_ns; // 1 ends the loop
}

// The kernel takes 64 frames at a time, so this waits once per 64. Time that was lost is made up for.
static __always_inline void wait_until_due(void)
{
    if (!due_ns)
        due_ns = bpf_ktime_get_ns();
    bpf_loop(1 << 20, not_yet, 0, 0);
    due_ns += period_ns;
}

SEC("xdp") int send(struct xdp_md *ctx)
{
    unsigned char *frame = (unsigned char *)(long)ctx->data;

    if (frame + FRAME_BYTES > (unsigned char *)(long)ctx->data_end)
        return XDP_DROP;
    if (period_ns)
        wait_until_due();
    frame_set_flow(frame, next_flow);
    if (++next_flow >= flows)
        next_flow = 0;
    sent++;
    return XDP_PASS;
}
