// SPDX-License-Identifier: GPL-2.0-or-later
// The frame that both generators send: Ethernet, IPv4 with a wrong header checksum, UDP. The kernel
// drops it in ip_rcv_core() as IP_CSUM. C and C++, for BPF too.
#pragma once

#include <linux/types.h>

enum {
    FRAME_BYTES = 60,  // the least that Ethernet has, without its own checksum
    FRAME_ID = 18,
    FRAME_CHECK = 24,
    FRAME_SADDR = 26,
    FRAME_SADDR_LOW = 28,
    FRAME_SPORT = 34,
};

// Flow number -> source 10.0.x.y and port 1024 and up. The IP id takes what the address adds to the
// checksum, so that it stays as wrong as it is, for every flow.
static inline void frame_set_flow(unsigned char *frame, __u32 flow) {
    __u16 low = (__u16)flow, id = (__u16)~flow;
    __u16 port = __builtin_bswap16((__u16)(1024 + (flow >> 16)));

    __builtin_memcpy(frame + FRAME_SADDR_LOW, &low, sizeof(low));
    __builtin_memcpy(frame + FRAME_ID, &id, sizeof(id));
    __builtin_memcpy(frame + FRAME_SPORT, &port, sizeof(port));
}
