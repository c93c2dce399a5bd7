// SPDX-License-Identifier: GPL-2.0-or-later
// Packets for trials.bpf.c, and what it found: the same in BPF C and C++.
#pragma once

#include <linux/types.h>

enum {
    TRIALS = 256,  // in one go
    TRIAL_BYTES = 512,
    TRIAL_NOT_RUN = 99,
};

struct trial {
    __u32 link;      // WIRE_EVENT_MAC, WIRE_EVENT_L3 or 0
    __u32 readable;  // of the bytes
    __u32 bytes;     // of the packet
    __u32 tag;       // as pcap_packet has it
    __u32 verdict;   // WIRE_PCAP_*
    __u8 packet[TRIAL_BYTES];
};
