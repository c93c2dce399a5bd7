// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/xdp/errors.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "probes/xdp_wire.h"
#include "source/libbpf_words.h"
#include "source/probe_loading.h"
#include "sys/handle.h"
#include "xdp_errors.skel.h"

namespace whydrop {

namespace {

using Skeleton = Handle<xdp_errors_bpf, &xdp_errors_bpf__destroy>;
using Link = Handle<bpf_link, &bpf_link__destroy>;

// "tp_btf/xdp_exception" -> "xdp_exception"
std::string tracepoint_of(const bpf_program *program) {
    const std::string section = bpf_program__section_name(program);
    return section.substr(section.find('/') + 1);
}

bool has_tracepoint(const std::string &name) {
    // What a program of tp_btf is attached to is the type of its handler.
    return libbpf_find_vmlinux_btf_id(name.c_str(), BPF_TRACE_RAW_TP) > 0;
}

XdpError decoded(const wire_xdp_error &raw, std::vector<uint64_t> by_cpu) {
    XdpError error;
    error.kind = static_cast<XdpErrorKind>(raw.kind - WIRE_XDP_EXCEPTION);
    error.code = raw.kind == WIRE_XDP_EXCEPTION ? raw.code : std::abs(raw.code);
    error.netns = raw.netns;
    error.ifindex = raw.ifindex;
    error.program = raw.program;
    error.map = raw.map;
    error.target = raw.target;
    for (const uint64_t frames : by_cpu)
        error.frames += frames;
    error.by_cpu = std::move(by_cpu);
    return error;
}

}  // namespace

struct XdpErrors::State {
    Skeleton skeleton;
    std::vector<Link> links;
    std::vector<bpf_program *> attached;
    std::vector<std::string> absent;

    Status open();
};

XdpErrors::XdpErrors(std::unique_ptr<State> state) : state_(std::move(state)) {}
XdpErrors::~XdpErrors() = default;

const char *name_of(XdpErrorKind kind) {
    static const char *const names[] = {"xdp_exception",      "xdp_redirect_err",
                                        "xdp_devmap_xmit",    "xdp_bulk_tx",
                                        "xdp_cpumap_enqueue", "xdp_cpumap_kthread"};
    return names[static_cast<size_t>(kind)];
}

// A failed redirect by a map: newer kernels tell of it by xdp_redirect_err too
// (ee75aef23afe, 5.13).
constexpr const char *told_by_another = "xdp_redirect_map_err";

Status XdpErrors::State::open() {
    keep_libbpf_words();
    skeleton.reset(xdp_errors_bpf__open());
    if (!skeleton)
        return load_error(errno);
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, skeleton->obj) {
        const std::string tracepoint = tracepoint_of(program);
        const bool is_there = has_tracepoint(tracepoint);
        bpf_program__set_autoload(program, is_there);
        if (!is_there) {
            if (tracepoint != told_by_another)
                absent.push_back(tracepoint);
            continue;
        }
        // libbpf does not look it up where packet filters are put into programs of such sections.
        if (const int err = bpf_program__set_attach_target(program, 0, tracepoint.c_str()))
            return load_error(-err);
        attached.push_back(program);
    }
    if (attached.empty())
        return Error{Errc::unsupported, "this kernel has no tracepoint of XDP, or no BTF", ""};
    if (const int err = xdp_errors_bpf__load(skeleton.get()))
        return load_error(-err);
    for (bpf_program *ours : attached) {
        Link link(bpf_program__attach_trace(ours));
        if (!link)
            return load_error(errno);
        links.push_back(std::move(link));
    }
    return success();
}

Result<std::unique_ptr<XdpErrors>> XdpErrors::open() {
    auto state = std::make_unique<State>();
    if (auto opened = state->open(); !opened)
        return opened.error();
    return std::unique_ptr<XdpErrors>(new XdpErrors(std::move(state)));
}

const std::vector<std::string> &XdpErrors::absent() const {
    return state_->absent;
}

Result<XdpErrorTotals> XdpErrors::read() const {
    const int cpus = libbpf_num_possible_cpus();
    if (cpus <= 0)
        return errno_error("cannot count the CPUs", -cpus);
    const int map = bpf_map__fd(state_->skeleton->maps.errors);
    XdpErrorTotals totals;
    wire_xdp_error key = {};
    for (bool first = true; bpf_map_get_next_key(map, first ? nullptr : &key, &key) == 0;
         first = false) {
        std::vector<uint64_t> by_cpu(static_cast<size_t>(cpus));
        if (bpf_map_lookup_elem(map, &key, by_cpu.data()) == 0)
            totals.errors.push_back(decoded(key, std::move(by_cpu)));
    }
    std::stable_sort(totals.errors.begin(), totals.errors.end(),
                     [](const XdpError &a, const XdpError &b) { return a.frames > b.frames; });
    std::vector<wire_xdp_missed> missed(static_cast<size_t>(cpus));
    const uint32_t slot = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(state_->skeleton->maps.missed), &slot, missed.data()) != 0)
        return errno_error("cannot read the counters of the CPUs", errno);
    for (const wire_xdp_missed &part : missed)
        totals.no_room += part.no_room;
    for (const bpf_program *program : state_->attached)
        totals.passed_over += recursion_misses(bpf_program__fd(program));
    return totals;
}

}  // namespace whydrop
