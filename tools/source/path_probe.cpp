// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/path_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <iterator>
#include <optional>
#include <set>

#include "path.skel.h"
#include "source/function_list.h"
#include "source/kernel_btf.h"
#include "source/libbpf_words.h"
#include "source/path_table.h"
#include "source/probe_loading.h"
#include "sys/bpf_features.h"
#include "sys/handle.h"

namespace whydrop {

namespace {

using Skeleton = Handle<path_bpf, &path_bpf__destroy>;
using Link = Handle<bpf_link, &bpf_link__destroy>;

// How functions are watched.
enum class Way { multi, cookies, addresses, points };

Way way_of(KernelBtf &btf) {
    if (!probe_kprobe().works)
        return Way::points;
    if (btf.has_function("bpf_kprobe_multi_link_attach"))
        return Way::multi;
    return btf.has_function("bpf_get_attach_cookie_trace") ? Way::cookies : Way::addresses;
}

}  // namespace

struct PathProbe::State {
    Skeleton skeleton;
    Way way = Way::points;
    bool cast = false;
    std::vector<RawPathStep> steps;
    std::vector<KernelFunction> functions;  // of the steps, where functions are watched
    std::vector<Link> links;

    Status load(const PathSetup &setup, KernelBtf &btf, const PacketFilter *filter);
    Status choose_points(KernelBtf &btf);
    Status choose_ends(KernelBtf &btf);
    Status find_steps();
    Status attach_trace(bpf_program *program);
    void attach_functions();
    bool attach_all_at_once();
    Link attach_one(const RawPathStep &step, uint64_t cookie);
    void attach_clones();
    [[nodiscard]] bpf_program *point(size_t number) const {
        const std::string name = "point_" + std::to_string(number);
        return bpf_object__find_program_by_name(skeleton->obj, name.c_str());
    }
    [[nodiscard]] uint64_t cookie(size_t step) const { return steps[step].row->arguments | step; }
};

PathProbe::PathProbe(std::unique_ptr<State> state) : state_(std::move(state)) {}
PathProbe::~PathProbe() = default;

Result<std::unique_ptr<PathProbe>> PathProbe::open(const PathSetup &setup, KernelBtf &btf) {
    if (auto loaded = btf.load(); !loaded)
        return loaded.error();
    std::optional<Error> refused;
    for (const bool cast : {true, false}) {
        if (cast && !btf.has_function("bpf_rdonly_cast"))
            continue;
        auto filter = packet_filter_for(setup.packet_filter, cast, btf);
        if (!filter)
            return filter.error();
        auto state = std::make_unique<State>();
        state->cast = cast;
        auto loaded = state->load(setup, btf, filter->has_value() ? &**filter : nullptr);
        if (loaded)
            return std::unique_ptr<PathProbe>(new PathProbe(std::move(state)));
        refused = loaded.error();
    }
    return *refused;
}

Status PathProbe::State::load(const PathSetup &setup, KernelBtf &btf, const PacketFilter *filter) {
    const FilterForLoading filtered(filter);
    keep_libbpf_words();
    way = way_of(btf);
    skeleton.reset(path_bpf__open());
    if (!skeleton)
        return load_error(errno);
    auto &config = *const_cast<wire_config *>(
        reinterpret_cast<const volatile wire_config *>(&skeleton->rodata->config));
    config = setup.config;
    config.needs_device = config.ifindex || config.netns;
    config.pcap = filter != nullptr;
    // The probes share headers with those that count: what they do not name is not made.
    const auto &maps = skeleton->maps;
    for (bpf_map *unused :
         {maps.groups_small, maps.groups_flow4, maps.groups_full, maps.stacks, maps.ring})
        bpf_map__set_autocreate(unused, false);
    bpf_map__set_autocreate(maps.pcap_views, config.pcap != 0);
    bpf_program *begin = cast ? skeleton->progs.begin_cast : skeleton->progs.begin_probe;
    bpf_program__set_autoload(begin, true);
    if (const int err = bpf_program__set_attach_target(begin, 0, "netif_receive_skb"))
        return load_error(-err);
    if (auto found = find_steps(); !found)
        return found;
    if (auto chosen = choose_ends(btf); !chosen)
        return chosen;
    if (way == Way::points)
        if (auto chosen = choose_points(btf); !chosen)
            return chosen;
    const auto &progs = skeleton->progs;
    bpf_program__set_autoload(progs.function_multi, way == Way::multi);
    bpf_program__set_autoload(progs.function_cookie, way == Way::multi || way == Way::cookies);
    bpf_program__set_autoload(progs.function_address, way == Way::addresses);
    bpf_program__set_autoload(progs.clone_begins, way != Way::points);
    bpf_program__set_autoload(progs.clone_ends, way != Way::points);
    if (const int err = path_bpf__load(skeleton.get()))
        return load_error(-err);
    return success();
}

Status PathProbe::State::find_steps() {
    const auto rows = way == Way::points ? path_points() : path_functions();
    std::set<std::string> names;
    for (const PathRow &row : rows) {
        steps.push_back({&row});
        names.insert(row.name);
    }
    if (way == Way::points)
        return success();
    auto found = find_functions(names);
    if (!found)
        return found.error();
    for (RawPathStep &step : steps) {
        const auto at = found->find(step.row->name);
        step.exists = at != found->end();
        step.may_be_inlined = step.exists && at->second.is_static;
        functions.push_back(step.exists ? at->second : KernelFunction{});
    }
    return success();
}

Status PathProbe::State::choose_points(KernelBtf &btf) {
    for (size_t i = 0; i < steps.size(); i++) {
        const uint32_t passed = btf.tracepoint_arguments(steps[i].row->name);
        steps[i].exists = steps[i].row->arguments < uint32_t{WIRE_PATH_ARGUMENT} << passed;
        if (!steps[i].exists)
            continue;
        skeleton->rodata->point_cookies[i] = static_cast<uint32_t>(cookie(i));
        bpf_program__set_autoload(point(i), true);
        if (const int err = bpf_program__set_attach_target(point(i), 0, steps[i].row->name))
            return load_error(-err);
    }
    return success();
}

Status PathProbe::State::choose_ends(KernelBtf &btf) {
    auto arguments = btf.kfree_skb_arguments();
    if (!arguments)
        return arguments.error();
    skeleton->rodata->kfree_skb_arguments = *arguments;
    skeleton->rodata->consume_skb_arguments = btf.tracepoint_arguments("consume_skb");
    const auto &progs = skeleton->progs;
    const std::pair<bpf_program *, const char *> ends[] = {
        {progs.dropped, "kfree_skb"},
        {progs.consumed, "consume_skb"},
        {progs.read_by_process, "skb_copy_datagram_iovec"}};
    for (const auto &[program, tracepoint] : ends) {
        if (!btf.tracepoint_arguments(tracepoint))
            continue;
        bpf_program__set_autoload(program, true);
        if (const int err = bpf_program__set_attach_target(program, 0, tracepoint))
            return load_error(-err);
    }
    return success();
}

Status PathProbe::State::attach_trace(bpf_program *program) {
    if (!bpf_program__autoload(program))
        return success();
    Link link(bpf_program__attach_trace(program));
    if (!link)
        return load_error(errno);
    links.push_back(std::move(link));
    return success();
}

// The packets' begin comes last: what is on its way then meets all of the others.
Status PathProbe::attach() {
    const auto &progs = state_->skeleton->progs;
    for (bpf_program *end : {progs.dropped, progs.consumed, progs.read_by_process})
        if (auto attached = state_->attach_trace(end); !attached)
            return attached;
    if (state_->way == Way::points) {
        for (size_t i = 0; i < state_->steps.size(); i++) {
            if (auto attached = state_->attach_trace(state_->point(i)); !attached)
                return attached;
            state_->steps[i].watched = state_->steps[i].exists;
        }
    } else {
        state_->attach_clones();
        state_->attach_functions();
    }
    return state_->attach_trace(state_->cast ? progs.begin_cast : progs.begin_probe);
}

bool PathProbe::State::attach_all_at_once() {
    std::vector<const char *> names;
    std::vector<__u64> values;
    for (size_t i = 0; i < steps.size(); i++) {
        if (!steps[i].exists || functions[i].changed)
            continue;
        names.push_back(steps[i].row->name);
        values.push_back(cookie(i));
    }
    LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .syms = names.data(), .cookies = values.data(),
                .cnt = names.size());
    Link link(
        bpf_program__attach_kprobe_multi_opts(skeleton->progs.function_multi, nullptr, &options));
    if (!link)
        return false;
    links.push_back(std::move(link));
    for (size_t i = 0; i < steps.size(); i++)
        steps[i].watched = steps[i].exists && !functions[i].changed;
    return true;
}

Link PathProbe::State::attach_one(const RawPathStep &step, uint64_t cookie) {
    const char *name = step.row->name;
    if (way == Way::addresses)
        return Link(bpf_program__attach_kprobe(skeleton->progs.function_address, false, name));
    LIBBPF_OPTS(bpf_kprobe_opts, options, .bpf_cookie = cookie);
    return Link(bpf_program__attach_kprobe_opts(skeleton->progs.function_cookie, name, &options));
}

// One that the kernel refuses is not watched: all of them at once are refused for the sake of one.
void PathProbe::State::attach_functions() {
    if (way == Way::multi && attach_all_at_once())
        return;
    if (way == Way::multi)
        way = Way::cookies;
    for (size_t i = 0; i < steps.size(); i++) {
        if (!steps[i].exists || functions[i].changed)
            continue;
        const uint64_t value = cookie(i), address = functions[i].address;
        if (way == Way::addresses)
            bpf_map_update_elem(bpf_map__fd(skeleton->maps.cookies), &address, &value, BPF_ANY);
        Link link = attach_one(steps[i], value);
        steps[i].watched = static_cast<bool>(link);
        if (link)
            links.push_back(std::move(link));
    }
}

// Without them copies are not followed, which is no more than a note.
void PathProbe::State::attach_clones() {
    const auto &progs = skeleton->progs;
    for (const bool at_return : {false, true}) {
        Link link(bpf_program__attach_kprobe(at_return ? progs.clone_ends : progs.clone_begins,
                                             at_return, "skb_clone"));
        if (link)
            links.push_back(std::move(link));
    }
}

void PathProbe::detach() {
    state_->links.clear();
}

namespace {

template <typename Key, typename Value>
void each_entry(int map, const std::function<void(const Key &, const Value &)> &on_entry) {
    Key key{}, next{};
    bool first = true;
    while (bpf_map_get_next_key(map, first ? nullptr : &key, &next) == 0) {
        Value value{};
        if (bpf_map_lookup_elem(map, &next, &value) == 0)
            on_entry(next, value);
        key = next;
        first = false;
    }
}

}  // namespace

Result<RawPath> PathProbe::read() const {
    RawPath path;
    const auto &bss = *state_->skeleton->bss;
    path.totals = *reinterpret_cast<const wire_path_totals *>(&bss.path_totals);
    path.steps = state_->steps;
    for (size_t i = 0; i < path.steps.size(); i++)
        path.steps[i].packets = bss.reached_by[i];
    each_entry<wire_path_end, uint64_t>(bpf_map__fd(state_->skeleton->maps.ends),
                                        [&](const wire_path_end &end, const uint64_t &packets) {
                                            path.ends.push_back({end, packets});
                                        });
    each_entry<uint64_t, wire_path_packet>(bpf_map__fd(state_->skeleton->maps.on_their_way),
                                           [&](const uint64_t &, const wire_path_packet &packet) {
                                               (packet.copied ? path.held_copies : path.held)++;
                                           });
    const int cpus = libbpf_num_possible_cpus();
    if (cpus <= 0)
        return errno_error("cannot count the CPUs", -cpus);
    std::vector<wire_cpu> parts(static_cast<size_t>(cpus));
    const uint32_t slot = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(state_->skeleton->maps.cpus), &slot, parts.data()) != 0)
        return errno_error("cannot read the counters of the CPUs", errno);
    for (const wire_cpu &part : parts) {
        path.undecided += part.undecided;
        path.in_interrupt += part.in_interrupt;
    }
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, state_->skeleton->obj) if (bpf_program__fd(program) >= 0)
        path.recursion_misses += recursion_misses(bpf_program__fd(program));
    return path;
}

std::string PathProbe::watched_by() const {
    switch (state_->way) {
        case Way::multi:
            return "kprobe.multi";
        case Way::points:
            return "tracepoints";
        default:
            return "kprobes";
    }
}

}  // namespace whydrop
