// SPDX-License-Identifier: GPL-2.0-or-later
// Shows packets that one XDP program answers in a way that is asked for: loaded once for each
// program that is observed, at its entry, where the frame is as it came, and at its exit, where the
// answer is known and what the program did to the frame.
#include "xdp_wire.h"
#include "pcap.bpf.h"
#include "xdp_buff.bpf.h"

const volatile struct wire_xdp_config config = {};

struct frame {
    __u64 data;
    __u32 linear; // bytes in one piece
    __u32 bytes;
};

// From entry to exit, on the same CPU: XDP runs with bottom halves off.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct frame);
} frames SEC(".maps");

// The maps below are shared by all programs that are observed.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, WIRE_XDP_CHANGES);
    __type(key, struct wire_xdp_change);
    __type(value, struct wire_xdp_count);
} changes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct wire_xdp_seen);
} seen SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} ring SEC(".maps");

static __always_inline void look_at(struct xdp_buff *xdp, struct frame *frame)
{
    frame->data = (__u64)xdp->data;
    frame->linear = (__u32)((__u64)xdp->data_end - frame->data);
    frame->bytes = frame->linear + fragment_bytes(xdp);
}

SEC("fentry/program")
int enter(__u64 *args)
{
    __u32 key = 0;
    struct frame *frame = bpf_map_lookup_elem(&frames, &key);

    if (frame)
        look_at((void *)args[0], frame);
    return 0;
}

static __always_inline bool answer_wanted(__u32 answer)
{
    return config.answers >> (answer < WIRE_XDP_ACTIONS ? answer : WIRE_XDP_INVALID) & 1;
}

static __always_inline bool device_wanted(struct net_device *dev)
{
    if (config.netns && dev->nd_net.net->ns.inum != config.netns)
        return false;
    return !config.ifindex || (__u32)dev->ifindex == config.ifindex;
}

static __always_inline bool frame_wanted(const struct frame *frame, struct wire_xdp_seen *seen_here)
{
    struct pcap_packet packet = {.extent = {.start = frame->data,
                                            .readable = frame->linear,
                                            .bytes = frame->bytes,
                                            .link = WIRE_EVENT_MAC}};
    __u32 verdict = ask_about(HOW_PROBE, &packet);

    if (verdict == WIRE_PCAP_UNDECIDED)
        seen_here->undecided++;
    return verdict == WIRE_PCAP_YES;
}

static __always_inline void count(const struct wire_xdp_change *change, __u32 bytes,
                                  struct wire_xdp_seen *seen_here)
{
    struct wire_xdp_count *known = bpf_map_lookup_elem(&changes, change);
    struct wire_xdp_count first = {.packets = 1, .bytes = bytes};

    if (!known) {
        // Another CPU may have made the entry in between, whose place for this CPU is 0 then.
        if (!bpf_map_update_elem(&changes, change, &first, BPF_NOEXIST))
            return;
        known = bpf_map_lookup_elem(&changes, change);
    }
    if (known) {
        known->packets++;
        known->bytes += bytes;
    } else {
        seen_here->no_room++;
    }
}

static __always_inline void show(struct xdp_buff *xdp, const struct wire_xdp_change *change,
                                 const struct frame *frame, struct wire_xdp_seen *seen_here)
{
    __u32 caplen = frame->linear;
    struct wire_xdp_packet *packet = bpf_ringbuf_reserve(&ring, sizeof(*packet) + config.snap, 0);

    if (!packet) {
        seen_here->ring_full++;
        return;
    }
    packet->time_ns = bpf_ktime_get_ns();
    packet->change = *change;
    packet->bytes = frame->bytes;
    packet->cpu = bpf_get_smp_processor_id();
    packet->queue = xdp->rxq->queue_index;
    kernel_dev_name(xdp->rxq->dev, packet->ifname);
    if (caplen > config.snap)
        caplen = config.snap;
    packet->caplen = 0;
    if (caplen && caplen <= config.snap &&
        !bpf_probe_read_kernel(packet + 1, caplen, (const void *)frame->data))
        packet->caplen = caplen;
    bpf_ringbuf_submit(packet, 0);
}

static __always_inline int left(__u64 *args, bool filtered)
{
    struct xdp_buff *xdp = (void *)args[0];
    struct net_device *dev = xdp->rxq->dev;
    __u32 key = 0;
    struct frame *frame, after;
    struct wire_xdp_seen *seen_here;
    struct wire_xdp_change change = {.program = config.program, .answer = (__s32)args[1]};

    if (!answer_wanted((__u32)args[1]) || !device_wanted(dev))
        return 0;
    frame = bpf_map_lookup_elem(&frames, &key);
    seen_here = bpf_map_lookup_elem(&seen, &key);
    if (!frame || !frame->data || !seen_here) // its entry was before we came
        return 0;
    if (filtered && !frame_wanted(frame, seen_here))
        return 0;
    look_at(xdp, &after);
    change.netns = dev->nd_net.net->ns.inum;
    change.ifindex = dev->ifindex;
    change.head = (__s32)(after.data - frame->data);
    change.tail = (__s32)(after.bytes - frame->bytes) + change.head;
    count(&change, frame->bytes, seen_here);
    show(xdp, &change, frame, seen_here);
    frame->data = 0;
    return 0;
}

SEC("fexit/program")
int leave(__u64 *args)
{
    return left(args, false);
}

// With the packet filter, which takes the verifier longer than all the rest.
SEC("packet_exit/program")
int leave_filtered(__u64 *args)
{
    return left(args, true);
}

char _license[] SEC("license") = "GPL";
