// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/xdp/packets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>

#include "decode/packet.h"
#include "filter/packet_filter.h"
#include "probes/xdp_wire.h"
#include "source/libbpf_words.h"
#include "source/probe_loading.h"
#include "source/xdp/at_exit.h"
#include "sys/handle.h"
#include "xdp_packets.skel.h"

namespace whydrop {

namespace {

using Skeleton = Handle<xdp_packets_bpf, &xdp_packets_bpf__destroy>;
using Link = Handle<bpf_link, &bpf_link__destroy>;
using Ring = Handle<ring_buffer, &ring_buffer__free>;

// One program that is observed. In this order: the entry is to be known when the exit is.
struct Observed {
    Skeleton skeleton;
    Link enter, leave;
};

XdpChange change_of(const wire_xdp_change &raw) {
    return {raw.program, raw.netns, raw.ifindex, raw.answer, raw.head, raw.tail};
}

// Of a record that is as long as the kernel says.
XdpPacket decoded(const wire_xdp_packet &raw, const uint8_t *bytes, size_t room) {
    XdpPacket packet;
    packet.time_ns = raw.time_ns;
    packet.cpu = raw.cpu;
    packet.queue = raw.queue;
    packet.change = change_of(raw.change);
    packet.entry_bytes = raw.bytes;
    packet.exit_bytes =
        raw.bytes - static_cast<uint32_t>(raw.change.head) + static_cast<uint32_t>(raw.change.tail);
    packet.ifname.assign(raw.ifname, strnlen(raw.ifname, sizeof raw.ifname));
    packet.packet.bytes.assign(bytes, bytes + std::min<size_t>(raw.caplen, room));
    packet.packet.link = LinkType::ethernet;
    packet.packet.wire_bytes = raw.bytes;
    packet.packet.meta.direction = Direction::in;
    packet.packet.meta.length_bytes = raw.bytes;
    decode_packet(packet.packet);
    packet.flow = innermost_flow(packet.packet);
    return packet;
}

}  // namespace

XdpAnswer answer_of(const XdpChange &change) {
    const bool is_one = change.answer >= 0 && change.answer < WIRE_XDP_ACTIONS;
    return is_one ? static_cast<XdpAnswer>(change.answer) : XdpAnswer::invalid;
}

XdpCount all_of(const XdpPacketTotals &totals) {
    XdpCount sum;
    for (const XdpChangeCount &count : totals.counts) {
        sum.packets += count.count.packets;
        sum.bytes += count.count.bytes;
    }
    return sum;
}

struct XdpPackets::State {
    XdpPacketAsk ask;
    std::optional<PacketFilter> filter;
    std::vector<Observed> observed;  // the first has the maps that all share
    Ring ring;
    std::function<void(XdpPacket)> on_packet;

    struct Programs {
        bpf_program *enter, *leave;
    };
    // Those of a skeleton that are loaded.
    [[nodiscard]] Programs programs_of(const xdp_packets_bpf &skeleton) const {
        return {skeleton.progs.enter,
                filter ? skeleton.progs.leave_filtered : skeleton.progs.leave};
    }
    Result<Observed> load(const BpfProgramInfo &program);
    Status share_maps(xdp_packets_bpf &skeleton);
    void configure(xdp_packets_bpf &skeleton, const BpfProgramInfo &program) const;
    [[nodiscard]] std::vector<XdpChangeCount> read_changes(size_t cpus) const;
    [[nodiscard]] const xdp_packets_bpf &shared() const { return *observed.front().skeleton; }
    static int on_record(void *self, void *data, size_t bytes);
};

XdpPackets::XdpPackets(std::unique_ptr<State> state) : state_(std::move(state)) {}
XdpPackets::~XdpPackets() = default;

Result<std::unique_ptr<XdpPackets>> XdpPackets::open(const XdpPacketAsk &ask) {
    auto state = std::make_unique<State>();
    state->ask = ask;
    state->ask.snap_bytes = (std::min<uint32_t>(ask.snap_bytes, WIRE_XDP_SNAP) + 7) / 8 * 8;
    if (!ask.filter.empty()) {
        auto filter = PacketFilter::compile(ask.filter, {});  // it reads a copy
        if (!filter)
            return filter.error();
        state->filter.emplace(std::move(*filter));
    }
    return std::unique_ptr<XdpPackets>(new XdpPackets(std::move(state)));
}

void XdpPackets::State::configure(xdp_packets_bpf &skeleton, const BpfProgramInfo &program) const {
    auto &config = skeleton.rodata->config;
    for (const XdpAnswer answer : ask.answers)
        config.answers |= 1u << static_cast<uint32_t>(answer);
    config.program = program.id;
    config.netns = ask.netns;
    config.ifindex = ask.ifindex;
    config.snap = ask.snap_bytes;
    bpf_map__set_max_entries(skeleton.maps.ring,
                             std::bit_ceil(std::max<uint32_t>(ask.ring_bytes, 4096)));
    bpf_program__set_autoload(skeleton.progs.leave, !filter);
    bpf_program__set_autoload(skeleton.progs.leave_filtered, filter.has_value());
    bpf_map__set_autocreate(skeleton.maps.pcap_views, filter.has_value());
}

Status XdpPackets::State::share_maps(xdp_packets_bpf &skeleton) {
    if (observed.empty())
        return success();
    const auto &from = shared().maps;
    const std::pair<bpf_map *, const bpf_map *> maps[] = {{skeleton.maps.changes, from.changes},
                                                          {skeleton.maps.seen, from.seen},
                                                          {skeleton.maps.ring, from.ring}};
    for (const auto &[map, first] : maps)
        if (const int err = bpf_map__reuse_fd(map, bpf_map__fd(first)))
            return errno_error("cannot share a map of the probe", -err);
    return success();
}

Result<Observed> XdpPackets::State::load(const BpfProgramInfo &program) {
    if (auto can = can_attach_at_exit(program); !can)
        return can.error();
    const auto target = open_program(program.id);
    if (!target)
        return target.error();
    const FilterForLoading filtered(filter ? &*filter : nullptr);
    Observed one;
    one.skeleton.reset(xdp_packets_bpf__open());
    if (!one.skeleton)
        return refused_at_exit(errno);
    configure(*one.skeleton, program);
    if (auto shared = share_maps(*one.skeleton); !shared)
        return shared.error();
    const auto programs = programs_of(*one.skeleton);
    for (bpf_program *ours : {programs.enter, programs.leave})
        if (const int err =
                bpf_program__set_attach_target(ours, target->get(), program.function.c_str()))
            return refused_at_exit(-err);
    if (const int err = xdp_packets_bpf__load(one.skeleton.get()))
        return refused_at_exit(-err);
    one.enter.reset(bpf_program__attach_trace(programs.enter));
    if (one.enter)
        one.leave.reset(bpf_program__attach_trace(programs.leave));
    if (!one.leave)
        return refused_at_exit(errno);
    return one;
}

int XdpPackets::State::on_record(void *self, void *data, size_t bytes) {
    if (bytes < sizeof(wire_xdp_packet))
        return 0;
    const auto *raw = static_cast<const wire_xdp_packet *>(data);
    static_cast<State *>(self)->on_packet(
        decoded(*raw, reinterpret_cast<const uint8_t *>(raw + 1), bytes - sizeof(wire_xdp_packet)));
    return 0;
}

Status XdpPackets::add(const BpfProgramInfo &program) {
    keep_libbpf_words();
    auto one = state_->load(program);
    if (!one)
        return one.error();
    state_->observed.push_back(std::move(*one));
    if (state_->ring)
        return success();
    state_->ring.reset(ring_buffer__new(bpf_map__fd(state_->shared().maps.ring), State::on_record,
                                        state_.get(), nullptr));
    if (!state_->ring)
        return errno_error("cannot map the ring buffer", errno, "ask for less with --ring-size");
    return success();
}

void XdpPackets::stop() {
    for (Observed &one : state_->observed) {
        one.leave.reset();
        one.enter.reset();
    }
}

int XdpPackets::poll_fd() const {
    return state_->ring ? ring_buffer__epoll_fd(state_->ring.get()) : -1;
}

Status XdpPackets::consume(const std::function<void(XdpPacket)> &on_packet) {
    if (!state_->ring)
        return success();
    state_->on_packet = on_packet;
    const int count = ring_buffer__consume(state_->ring.get());
    state_->on_packet = nullptr;
    return count < 0 ? errno_error("cannot read the ring buffer", -count) : success();
}

std::vector<XdpChangeCount> XdpPackets::State::read_changes(size_t cpus) const {
    const int changes = bpf_map__fd(shared().maps.changes);
    std::vector<XdpChangeCount> sums;
    std::vector<wire_xdp_count> counts(cpus);
    wire_xdp_change key = {};
    for (bool first = true; bpf_map_get_next_key(changes, first ? nullptr : &key, &key) == 0;
         first = false) {
        if (bpf_map_lookup_elem(changes, &key, counts.data()) != 0)
            continue;
        XdpChangeCount sum{change_of(key), {}};
        for (const wire_xdp_count &part : counts) {
            sum.count.packets += part.packets;
            sum.count.bytes += part.bytes;
        }
        sums.push_back(sum);
    }
    std::stable_sort(sums.begin(), sums.end(),
                     [](const XdpChangeCount &a, const XdpChangeCount &b) {
                         return a.count.packets > b.count.packets;
                     });
    return sums;
}

Result<XdpPacketTotals> XdpPackets::read() const {
    XdpPacketTotals totals;
    if (state_->observed.empty())
        return totals;
    const int cpus = libbpf_num_possible_cpus();
    if (cpus <= 0)
        return errno_error("cannot count the CPUs", -cpus);
    totals.counts = state_->read_changes(static_cast<size_t>(cpus));
    std::vector<wire_xdp_seen> seen(static_cast<size_t>(cpus));
    const uint32_t slot = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(state_->shared().maps.seen), &slot, seen.data()) != 0)
        return errno_error("cannot read the counters of the CPUs", errno);
    for (const wire_xdp_seen &part : seen) {
        totals.no_room += part.no_room;
        totals.ring_full += part.ring_full;
        totals.undecided += part.undecided;
    }
    for (const Observed &one : state_->observed) {
        const auto programs = state_->programs_of(*one.skeleton);
        for (const bpf_program *ours : {programs.enter, programs.leave})
            totals.passed_over += recursion_misses(bpf_program__fd(ours));
    }
    return totals;
}

}  // namespace whydrop
