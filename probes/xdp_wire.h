// SPDX-License-Identifier: GPL-2.0-or-later
// What crosses from the XDP probes to the tool, as wire.h says.
#pragma once

#include <linux/types.h>

enum {
    WIRE_XDP_ACTIONS = 5, // XDP_ABORTED to XDP_REDIRECT
    WIRE_XDP_INVALID = 5, // any other answer: the kernel takes it for XDP_ABORTED
    WIRE_XDP_ANSWERS = 6,
    WIRE_XDP_DEVICES = 64, // counted apart, a program
    WIRE_XDP_TRIES = 4,    // places that a device may be in
};

struct wire_xdp_count {
    __u64 packets;
    __u64 bytes; // as they came, fragments included
};

// One CPU's counts of a program on one device. An array of WIRE_XDP_DEVICES and one more: the last
// is for those that have no place.
struct wire_xdp_device {
    __u64 device; // where its struct net_device is; 0: the place is free
    __u32 netns;
    __u32 ifindex;
    struct wire_xdp_count answers[WIRE_XDP_ANSWERS];
};
