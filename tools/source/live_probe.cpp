// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/live_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>

#include "filter/packet_filter.h"
#include "source/group_maps.h"
#include "source/kernel_btf.h"
#include "source/libbpf_words.h"
#include "source/probe_loading.h"
#include "source/probe_object.h"
#include "source/probe_variant.h"
#include "sys/handle.h"

namespace whydrop {

namespace {

constexpr uint32_t small_groups = 8192, flow_groups = 131072;
constexpr uint32_t sample_ring = 1u << 20, each_ring = 32u << 20;
constexpr uint32_t stack_entries = 16384;

using Link = Handle<bpf_link, &bpf_link__destroy>;
using Ring = Handle<ring_buffer, &ring_buffer__free>;

uint32_t group_bytes(uint32_t kind) {
    return kind == WIRE_KEY_FLOW4 ? uint32_t{WIRE_GROUP_NO_NAME} : sizeof(wire_group);
}

}  // namespace

size_t key_bytes(uint32_t kind) {
    switch (kind) {
        case WIRE_KEY_SMALL:
            return sizeof(wire_key_small);
        case WIRE_KEY_FLOW4:
            return sizeof(wire_key_flow4);
        default:
            return sizeof(wire_key_full);
    }
}

uint32_t layout_for(uint32_t keys) {
    const uint32_t flow = WIRE_BY_FLOW | WIRE_BY_SRC | WIRE_BY_DST;
    if (keys & (WIRE_BY_STACK | WIRE_BY_COMM))
        return WIRE_KEY_FULL;
    if (!(keys & flow))
        return WIRE_KEY_SMALL;
    return keys & WIRE_BY_DEV ? WIRE_KEY_FULL : WIRE_KEY_FLOW4;
}

struct LiveProbe::State {
    std::unique_ptr<ProbeObject> object;
    wire_config config{};
    ProbeVariant variant;
    std::vector<std::pair<uint32_t, GroupMaps>> groups;  // by kind of key
    std::future<Status> finished;                        // ends before the groups do
    Ring ring;
    std::function<bool(const void *, size_t)> on_record;
    std::vector<Link> links;

    Status load(const ProbeSetup &setup, const ProbeVariant &choice, const PacketFilter *filter);
    Status choose_programs();
    void leave_out_unused_maps();
    Status make_groups(uint32_t max_groups);
    Status make_ring();
    static int on_ring_record(void *self, void *data, size_t bytes) {
        return static_cast<State *>(self)->on_record(data, bytes) ? 0 : -ECANCELED;
    }
    [[nodiscard]] bpf_program *program(const ProbeHook &hook) const {
        return object->program(hook.program.c_str());
    }
};

LiveProbe::LiveProbe(std::unique_ptr<State> state) : state_(std::move(state)) {}
LiveProbe::~LiveProbe() = default;

Result<std::unique_ptr<LiveProbe>> LiveProbe::open(const ProbeSetup &setup, KernelBtf &btf) {
    auto variants = variants_for(setup.event, setup.tracepoints, btf);
    if (!variants)
        return variants.error();
    std::optional<Error> refused;
    for (const ProbeVariant &variant : *variants) {
        auto filter = packet_filter_for(setup.packet_filter, variant.cast, btf);
        if (!filter)
            return filter.error();
        auto state = std::make_unique<State>();
        auto loaded = state->load(setup, variant, filter->has_value() ? &**filter : nullptr);
        if (loaded)
            return std::unique_ptr<LiveProbe>(new LiveProbe(std::move(state)));
        refused = loaded.error();
    }
    return *refused;
}

Status LiveProbe::State::choose_programs() {
    for (const ProbeHook &hook : variant.hooks) {
        bpf_program__set_autoload(program(hook), true);
        if (const int err =
                bpf_program__set_attach_target(program(hook), 0, hook.tracepoint.c_str()))
            return load_error(-err);
    }
    bpf_program__set_autoload(object->program("read_clock"), true);
    return success();
}

Status LiveProbe::State::load(const ProbeSetup &setup, const ProbeVariant &choice,
                              const PacketFilter *filter) {
    const FilterForLoading filtered(filter);
    keep_libbpf_words();
    variant = choice;
    config = setup.config;
    config.layout = layout_for(config.keys);
    const bool flows = config.layout != WIRE_KEY_SMALL && !(config.each);
    const uint32_t max_groups =
        setup.max_groups ? setup.max_groups : (flows ? flow_groups : small_groups);
    config.nearly_full = max_groups - max_groups / 8;
    config.needs_device = config.each || config.ifindex || config.netns ||
                          config.keys & (WIRE_BY_DEV | WIRE_BY_NETNS);
    config.pcap = filter != nullptr;
    object = ProbeObject::open(setup.event);
    if (!object)
        return load_error(errno);
    object->config() = config;
    const uint32_t ring_bytes =
        setup.ring_bytes ? setup.ring_bytes : (config.each ? each_ring : sample_ring);
    bpf_map__set_max_entries(object->map("ring"),
                             std::bit_ceil(std::max<uint32_t>(ring_bytes, 4096)));
    leave_out_unused_maps();
    if (auto chosen = choose_programs(); !chosen)
        return chosen;
    if (auto made = make_groups(max_groups); !made)
        return made.error().code == Errc::unsupported ? load_error(EPERM) : made.error();
    if (const int err = object->load())
        return load_error(-err);
    return make_ring();
}

// A map that no reachable instruction names is not made.
void LiveProbe::State::leave_out_unused_maps() {
    bpf_map__set_autocreate(object->map("groups_small"), config.layout == WIRE_KEY_SMALL);
    bpf_map__set_autocreate(object->map("groups_flow4"), config.layout == WIRE_KEY_FLOW4);
    bpf_map__set_autocreate(object->map("groups_full"), config.layout != WIRE_KEY_SMALL);
    bpf_map__set_autocreate(object->map("stacks"), (config.keys & WIRE_BY_STACK) != 0);
    bpf_map__set_max_entries(object->map("stacks"), stack_entries);
    bpf_map__set_autocreate(object->map("pcap_views"), config.pcap != 0);
}

Status LiveProbe::State::make_groups(uint32_t max_groups) {
    struct Kind {
        uint32_t kind;
        bpf_map *outer;
        bool used;
    };
    const Kind kinds[] = {
        {WIRE_KEY_SMALL, object->map("groups_small"), config.layout == WIRE_KEY_SMALL},
        {WIRE_KEY_FLOW4, object->map("groups_flow4"), config.layout == WIRE_KEY_FLOW4},
        {WIRE_KEY_FULL, object->map("groups_full"), config.layout != WIRE_KEY_SMALL},
    };
    for (const Kind &kind : kinds) {
        if (!kind.used)
            continue;
        uint32_t room = config.each ? 1 : max_groups;
        if (config.layout == WIRE_KEY_FLOW4 && kind.kind == WIRE_KEY_FULL)
            room = std::max<uint32_t>(room / WIRE_FULL_FRACTION, 1);
        auto maps = GroupMaps::create("whydrop_groups", static_cast<uint32_t>(key_bytes(kind.kind)),
                                      group_bytes(kind.kind), room);
        if (!maps)
            return maps.error();
        if (const int err = bpf_map__reuse_fd(kind.outer, maps->outer()))
            return errno_error("cannot use the map of groups", -err);
        groups.emplace_back(kind.kind, std::move(*maps));
    }
    // While the kernel works and waits there, it can verify the program here.
    finished = std::async(std::launch::async, [this]() -> Status {
        for (auto &[kind, maps] : groups)
            if (auto done = maps.finish(); !done)
                return done;
        return success();
    });
    return success();
}

Status LiveProbe::State::make_ring() {
    ring.reset(ring_buffer__new(bpf_map__fd(object->map("ring")), on_ring_record, this, nullptr));
    if (!ring)
        return errno_error("cannot map the ring buffer", errno, "ask for less with --ring-size");
    return success();
}

Status LiveProbe::attach() {
    if (auto finished = state_->finished.get(); !finished)
        return finished;
    for (const ProbeHook &hook : state_->variant.hooks) {
        Link link(bpf_program__attach_trace(state_->program(hook)));
        if (!link)
            return load_error(errno);
        state_->links.push_back(std::move(link));
    }
    return success();
}

Status LiveProbe::detach() {
    if (state_->links.empty())
        return success();
    state_->links.clear();
    // Putting a map into an outer one waits for the programs that still run.
    return state_->groups.back().second.wait_for_writers();
}

int LiveProbe::poll_fd() const {
    return ring_buffer__epoll_fd(state_->ring.get());
}

Status LiveProbe::consume(const std::function<bool(const void *, size_t)> &on_record) {
    state_->on_record = on_record;
    const int count = ring_buffer__consume(state_->ring.get());
    state_->on_record = nullptr;
    if (count < 0 && count != -ECANCELED)
        return errno_error("cannot read the ring buffer", -count);
    return success();
}

Status LiveProbe::drain(const std::function<void(const RawGroup &)> &on_group) {
    // First, so that a map that fills while we read is announced.
    state_->object->fill() = {};
    for (auto &[kind, maps] : state_->groups) {
        RawGroup group;
        group.kind = kind;
        auto drained = maps.drain(
            [&, kind = kind, bytes = key_bytes(kind)](const void *key, const void *value) {
                std::memcpy(&group.key, key, bytes);
                std::memcpy(&group.value, value, group_bytes(kind));
                on_group(group);
            });
        if (!drained)
            return drained.error();
    }
    return success();
}

namespace {

void add(wire_count &to, const wire_count &count) {
    to.events += count.events;
    to.more_packets += count.more_packets;
    to.bytes += count.bytes;
}

}  // namespace

Result<RawTotals> LiveProbe::totals() const {
    const int cpus = libbpf_num_possible_cpus();
    if (cpus <= 0)
        return errno_error("cannot count the CPUs", -cpus);
    std::vector<wire_cpu> parts(static_cast<size_t>(cpus));
    const uint32_t slot = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(state_->object->map("cpus")), &slot, parts.data()) != 0)
        return errno_error("cannot read the counters of the CPUs", errno);
    RawTotals totals;
    for (const wire_cpu &part : parts) {
        if (part.key_kind != WIRE_KEY_NONE && part.pending.events) {
            RawGroup group;
            group.kind = part.key_kind;
            std::memcpy(&group.key, &part.key, key_bytes(part.key_kind));
            group.value.count = part.pending;
            group.value.first = part.first;
            group.value.last = part.last;
            totals.pending.push_back(group);
        }
        add(totals.no_room, part.no_room);
        add(totals.map_error, part.map_error);
        totals.ring_full += part.ring_full;
        totals.samples_lost += part.samples_lost;
        totals.in_interrupt += part.in_interrupt;
        totals.stack_errors += part.stack_errors;
        totals.undecided += part.undecided;
    }
    for (const ProbeHook &hook : state_->variant.hooks)
        totals.recursion_misses += recursion_misses(bpf_program__fd(state_->program(hook)));
    return totals;
}

std::vector<uint64_t> LiveProbe::stack(int32_t stack_id) const {
    uint64_t frames[WIRE_STACK_DEPTH] = {};
    if (stack_id < 0 ||
        bpf_map_lookup_elem(bpf_map__fd(state_->object->map("stacks")), &stack_id, frames) != 0)
        return {};
    return {frames, std::find(std::begin(frames), std::end(frames), 0u)};
}

Result<wire_clock> LiveProbe::clock() const {
    uint8_t packet[64] = {};  // the kernel wants at least an Ethernet header
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = packet;
    options.data_size_in = sizeof packet;
    options.repeat = 1;
    if (bpf_prog_test_run_opts(bpf_program__fd(state_->object->program("read_clock")), &options) !=
        0)
        return errno_error("cannot read the kernel's clock", errno);
    return state_->object->clock_pair();
}

const wire_config &LiveProbe::config() const {
    return state_->config;
}

std::string LiveProbe::description() const {
    return state_->variant.description;
}

}  // namespace whydrop
