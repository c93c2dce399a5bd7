// SPDX-License-Identifier: GPL-2.0-or-later
// What crosses from the probes to the tool: fixed width, no padding, the same in BPF C and C++.
// Numbers are in host order unless the comment says network order.
#pragma once

#include <linux/types.h>

#ifdef __cplusplus
#define WIRE_ASSERT(cond, text) static_assert(cond, text)
#else
#define WIRE_ASSERT(cond, text) _Static_assert(cond, text)
#endif

enum {
    WIRE_PACKET_BYTES = 192, // of a packet in a sample, at most
    WIRE_SNAP_BYTES = 16384, // the same with --each
    WIRE_STACK_DEPTH = 32,
    WIRE_NAME_BYTES = 16,   // IFNAMSIZ, TASK_COMM_LEN
    WIRE_SAMPLES = 8,       // packets that travel per group
    WIRE_REASON_WORDS = 16, // core reasons below 1024 are filtered by a bit map
    WIRE_SUBSYS_REASONS = 32,
};

// What --by names: the bits of model's GroupKey.
enum {
    WIRE_BY_REASON = 1 << 0,
    WIRE_BY_LOCATION = 1 << 1,
    WIRE_BY_DEV = 1 << 2,
    WIRE_BY_NETNS = 1 << 3,
    WIRE_BY_PROTO = 1 << 4,
    WIRE_BY_FLOW = 1 << 5,
    WIRE_BY_SRC = 1 << 6,
    WIRE_BY_DST = 1 << 7,
    WIRE_BY_STACK = 1 << 8,
    WIRE_BY_COMM = 1 << 9,
    WIRE_BY_PKT_TYPE = 1 << 10,
};

// Which of the keys below a group has. A run of layout FLOW4 counts IPv4 by wire_key_flow4 and
// everything else by wire_key_full; the other two layouts have one kind of key.
enum { WIRE_KEY_NONE = 0, WIRE_KEY_SMALL = 1, WIRE_KEY_FLOW4 = 2, WIRE_KEY_FULL = 3 };
// In such a run the map for everything else has a fraction of the room of the one for IPv4.
enum { WIRE_FULL_FRACTION = 8 };

// In every key, a field that was not asked for is 0. A reason that says nothing (none, or
// NOT_SPECIFIED) has in its top byte which part of such drops this is (split.bpf.h); the top byte
// of other reasons is 0.
enum { WIRE_PART_SHIFT = 24, WIRE_REASON_MASK = 0xffffff };
#define WIRE_NO_SPLIT 0xffffffffu

struct wire_key_small {
    __u64 location;
    __u32 reason;
    __u32 netns;
    __u32 ifindex;
    __u16 ethertype;
    __u8 l4proto;
    __u8 has_l4 : 4; // l4proto was found
    __u8 pkt_type : 4;
};
WIRE_ASSERT(sizeof(struct wire_key_small) == 24, "wire_key_small");

struct wire_key_flow4 {
    __u64 location;
    __u32 reason;
    __u32 netns;
    __u32 saddr, daddr; // network order
    __u16 sport, dport;
    __u8 l4proto;
    __u8 family; // 4
    __u8 pkt_type;
    __u8 zero;
};
WIRE_ASSERT(sizeof(struct wire_key_flow4) == 32, "wire_key_flow4");

struct wire_key_full {
    __u64 location;
    __u32 reason;
    __u32 netns;
    __u32 ifindex;
    __s32 stack_id;           // of the stacks map; below 0: -errno
    __u32 saddr[4], daddr[4]; // network order; IPv4 in the first
    __u16 sport, dport;
    __u16 ethertype;
    __u8 l4proto;
    __u8 family : 4; // 4, 6, or 0: no address was found
    __u8 has_l4 : 1; // l4proto was found
    __u8 pkt_type : 3;
    char comm[WIRE_NAME_BYTES]; // empty: in an interrupt
};
WIRE_ASSERT(sizeof(struct wire_key_full) == 80, "wire_key_full");

union wire_key {
    struct wire_key_small small;
    struct wire_key_flow4 flow4;
    struct wire_key_full full;
};

struct wire_count {
    __u64 events;
    __u64 more_packets; // packets - events: what GSO adds
    __u64 bytes;
};

// The value of a group. Times are jiffies.
struct wire_group {
    struct wire_count count;
    __u64 first, last;
    __u32 samples;                // taken so far
    __u32 next_sample;            // low half of the jiffy from which the next may be taken
    char ifname[WIRE_NAME_BYTES]; // of the first packet; not there under a wire_key_flow4
};
WIRE_ASSERT(sizeof(struct wire_group) == 64, "wire_group");
// With it a group by flow is 128 bytes in the kernel: two cache lines instead of three or four.
enum { WIRE_GROUP_NO_NAME = 48 };

// One CPU's part: the group it met last, whose repetitions are counted here without touching the
// hash, and what could not be counted where it belongs.
struct wire_cpu {
    __u32 busy;                // a drop is being counted: a nested one goes straight to the hash
    __u32 key_kind;            // of the key below
    struct wire_count pending; // of the key below, not yet in its group
    __u64 first, last;
    __u32 next_sample;
    __u32 sample_jiffy;  // the jiffy that
    __u32 sample_budget; // this many samples may still be taken in
    __u32 zero;
    __u64 scratch;
    struct wire_count no_room;   // the map of groups was full
    struct wire_count map_error; // the kernel refused the update otherwise
    __u64 ring_full;             // --each: records that did not fit
    __u64 samples_lost;          // samples that did not fit
    __u64 in_interrupt;          // passed over: -p or --comm ask for process context
    __u64 stack_errors;          // --by stack: counted, but under an unknown stack
    __u64 undecided;             // the packet filter asks for bytes that cannot be read
    union wire_key key;
};
WIRE_ASSERT(sizeof(struct wire_cpu) == 240, "wire_cpu");

enum {
    WIRE_EVENT_MAC = 1 << 0,       // packet bytes begin at the Ethernet header
    WIRE_EVENT_L3 = 1 << 1,        // packet bytes begin at the network header
    WIRE_EVENT_VLAN = 1 << 2,      // vlan_proto and vlan_tci are set
    WIRE_EVENT_INTERRUPT = 1 << 3, // in softirq, hardirq or NMI
    WIRE_EVENT_RECEIVED = 1 << 4,  // by the device; neither this nor the next: not known
    WIRE_EVENT_SENT = 1 << 5,      // to the device
};

// One drop, without its bytes.
struct wire_event {
    __u64 time_ns; // CLOCK_MONOTONIC
    __u64 location;
    __u32 reason;
    __u32 netns;
    __u32 ifindex;
    __u32 cpu;
    __u32 len;        // skb->len
    __u32 wire_bytes; // from the start of the copied bytes to the packet's end
    __u32 mark;
    __u32 hash;
    __u32 tgid;
    __u16 caplen;   // bytes copied
    __u16 protocol; // skb->protocol
    __u16 vlan_proto, vlan_tci;
    __u16 gso_segs, gso_size;
    __u16 zero;
    __u8 pkt_type, ip_summed;
    __u16 flags; // WIRE_EVENT_*
    __u16 stack_bytes;
    char ifname[WIRE_NAME_BYTES];
    char comm[WIRE_NAME_BYTES];
};
WIRE_ASSERT(sizeof(struct wire_event) == 104, "wire_event");

enum { WIRE_SAMPLE = 1, WIRE_EACH = 2, WIRE_NEARLY_FULL = 3 };

// Every record of the ring begins with its kind.
struct wire_head {
    __u32 kind;
    __u32 tag; // a sample: the kind of its key; --each: the part of its reason
};

struct wire_sample {
    struct wire_head head;
    struct wire_event event;
    union wire_key key;
    __u8 packet[WIRE_PACKET_BYTES];
    __u64 stack[WIRE_STACK_DEPTH];
};
WIRE_ASSERT(sizeof(struct wire_sample) == 640, "wire_sample");

// --each: this, then `snap` bytes of room for the packet, then the stack if asked for.
struct wire_each {
    struct wire_head head;
    struct wire_event event;
};
WIRE_ASSERT(sizeof(struct wire_each) == 112, "wire_each");

// Set before the program is loaded; the verifier removes what a setting makes unreachable.
struct wire_config {
    __u32 keys;   // WIRE_BY_*
    __u32 layout; // WIRE_KEY_*
    __u8 each;
    __u8 stacks;
    __u8 needs_flow;    // a key or a filter asks what is behind the network header
    __u8 reason_filter; // 0: none; 1: only those named; 2: all but those named
    __u8 filter_comm, filter_pid;
    __u8 proto_has_ethertype, proto_has_l4;
    __u64 reason_bits[WIRE_REASON_WORDS];
    __u32 subsys_reasons[WIRE_SUBSYS_REASONS];
    __u32 subsys_reason_count;
    __u32 ifindex; // 0: any; else netns is set as well
    __u32 netns;   // 0: any
    __u32 tgid;
    __u64 pidns_dev, pidns_ino; // 0: tgid is of the initial pid namespace
    char comm[WIRE_NAME_BYTES];
    __u16 proto_ethertype;
    __u8 proto_l4;
    __u8 needs_device;  // a key or a filter asks for the device or its namespace
    __u32 snap;         // --each: bytes of a packet, a multiple of 8, at most WIRE_SNAP_BYTES
    __u32 nearly_full;  // groups in the map after which the tool is told
    __u32 split_reason; // the reason that says nothing; WIRE_NO_SPLIT: parts are of no use
    __u32 pcap;         // there is a packet filter
    __u32 zero;
};
WIRE_ASSERT(sizeof(struct wire_config) == 344, "wire_config");

// Written by the probe, reset by the tool when it swaps the maps.
struct wire_fill {
    __u32 groups;
    __u32 told;
};

// A packet filter (pcap.bpf.h). The tool writes it into a place of so many instructions, which it
// finds by its mark: all of them are `r0 = mark`.
enum {
    WIRE_PCAP_ROOM = 4096,
    WIRE_PCAP_VIEW = 256, // bytes of a packet that a filter sees where it reads a copy
    WIRE_PCAP_ETHERNET = 0x50434145,
    WIRE_PCAP_RAW = 0x50434152,
};
enum { WIRE_PCAP_NO = 0, WIRE_PCAP_YES = 1, WIRE_PCAP_UNDECIDED = 2 };

// Answer of the clock program: the same moment by both clocks.
struct wire_clock {
    __u64 jiffies;
    __u64 mono_ns;
};

// The way of packets through the kernel (path.bpf.c). A row is a function or tracepoint of the
// path; how its packet is found is in a word, the cookie of its probe.
enum {
    WIRE_PATH_ROWS = 64,   // a bit each of what a packet has reached
    WIRE_PATH_POINTS = 12, // of them tracepoints
    WIRE_PATH_ARGUMENTS = 4,
    WIRE_PATH_PACKETS = 16384, // on their way at the same time
    WIRE_PATH_ENDS = 1024,
    WIRE_PATH_ROW_MASK = 0xff,
    WIRE_PATH_ARGUMENT = 1 << 8, // << n: the packet may be its argument n
    WIRE_PATH_POINTER = 1 << 12, // or what the argument points to
    WIRE_PATH_FREED = 1 << 13,   // the packet ends here: freed,
    WIRE_PATH_READ = 1 << 14,    // or read by a process
};

struct wire_path_packet {
    __u64 reached; // a bit for each row
    __u32 ifindex;
    __u32 copied; // it is a clone of one that matched
};
WIRE_ASSERT(sizeof(struct wire_path_packet) == 16, "wire_path_packet");

enum {
    WIRE_END_DROPPED = 1,  // kfree_skb: reason and location
    WIRE_END_CONSUMED = 2, // consume_skb
    WIRE_END_READ = 3,     // copied to a process
    WIRE_END_FREED = 4,    // otherwise
    WIRE_END_REUSED = 5,   // another packet came with its memory: nobody saw how it ended
};

struct wire_path_end {
    __u64 location;
    __u32 reason;
    __u16 how; // WIRE_END_*
    __u16 copied;
};
WIRE_ASSERT(sizeof(struct wire_path_end) == 16, "wire_path_end");

struct wire_path_totals {
    __u64 matched, copies;
    __u64 no_room;   // matched, but not followed
    __u64 ends_lost; // ended, but not in a row: too many ends
};
WIRE_ASSERT(sizeof(struct wire_path_totals) == 32, "wire_path_totals");
