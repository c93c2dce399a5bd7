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

// What went wrong with frames, by tracepoint.
enum {
    WIRE_XDP_EXCEPTION = 1,  // xdp_exception: code is the answer
    WIRE_XDP_REDIRECT_ERR,   // xdp_redirect_err, xdp_redirect_map_err: code is -errno
    WIRE_XDP_DEVMAP,         // xdp_devmap_xmit: frames that `target` did not take; code is -errno
    WIRE_XDP_BULK_TX,        // xdp_bulk_tx: frames of XDP_TX that the device did not take
    WIRE_XDP_CPUMAP_ENQUEUE, // xdp_cpumap_enqueue: no room in the queue of CPU `target`
    WIRE_XDP_CPUMAP_KTHREAD, // xdp_cpumap_kthread: no memory for packets of them there
};

// All of it that the tracepoint does not give is 0.
struct wire_xdp_error {
    __u32 kind; // WIRE_XDP_*
    __s32 code;
    __u32 netns, ifindex;
    __u32 program; // id
    __u32 map;     // id
    __u32 target;  // index of a device, or a CPU
    __u32 zero;
};

enum { WIRE_XDP_ERRORS = 1024 };

// One CPU's: frames of errors that found no room.
struct wire_xdp_missed {
    __u64 no_room;
};

// Packets that a program answered in a way that is asked for.
enum { WIRE_XDP_CHANGES = 4096, WIRE_XDP_SNAP = 16384 };

// What happened to a packet, by which such are counted.
struct wire_xdp_change {
    __u32 program; // id
    __u32 netns, ifindex;
    __s32 answer;     // as the program gave it
    __s32 head, tail; // bytes by which the program moved them: a frame that is cut at its front has
                      // a head above 0, one that is cut at its end a tail below 0
};

// In the ring, with `snap` bytes of room for the packet behind it: those of the frame as it came,
// as far as they lie in one piece and the program has not written over them.
struct wire_xdp_packet {
    __u64 time_ns; // CLOCK_MONOTONIC
    struct wire_xdp_change change;
    __u32 bytes; // at entry, fragments included
    __u32 caplen;
    __u32 cpu, queue;
    char ifname[16];
};

struct wire_xdp_seen {
    __u64 ring_full; // counted, and not in the ring
    __u64 no_room;   // not counted by what happened to them
    __u64 undecided; // the packet filter asks for bytes that cannot be read
};

// Set before the program is loaded.
struct wire_xdp_config {
    __u32 answers;        // bits, by place in wire_xdp_device.answers
    __u32 program;        // id
    __u32 netns, ifindex; // 0: any
    __u32 snap;           // bytes of a packet, a multiple of 8, at most WIRE_XDP_SNAP
};
