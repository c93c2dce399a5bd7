// SPDX-License-Identifier: GPL-2.0-or-later
// The packet filter of the probes on packets of our own, by BPF_PROG_TEST_RUN: both ways of reading.
#include "../../probes/pcap.bpf.h"
#include "trials.h"

char LICENSE[] SEC("license") = "GPL";

struct trial trials[TRIALS];
__u32 next;
__u64 address; // read back from here it is a number to the verifier, no pointer

static __always_inline int ask(enum how how)
{
    __u32 at = next++ % TRIALS;
    struct trial *trial = &trials[at];
    struct pcap_packet packet = {};

    *(volatile __u64 *)&address = (__u64)trial->packet;
    packet.extent.start = *(volatile __u64 *)&address;
    packet.extent.readable = trial->readable;
    packet.extent.bytes = trial->bytes;
    packet.extent.link = trial->link;
    packet.tag = trial->tag;
    trial->verdict = ask_about(how, &packet);
    return 0;
}

SEC("?tc") int ask_cast(void *ctx)
{
    (void)ctx;
    return ask(HOW_CAST);
}

SEC("?tc") int ask_probe(void *ctx)
{
    (void)ctx;
    return ask(HOW_PROBE);
}
