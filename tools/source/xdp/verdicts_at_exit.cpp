// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <map>

#include "probes/xdp_wire.h"
#include "source/libbpf_words.h"
#include "source/probe_loading.h"
#include "source/xdp/at_exit.h"
#include "source/xdp/verdicts.h"
#include "xdp_verdicts.skel.h"

namespace whydrop {

namespace {

using Skeleton = Handle<xdp_verdicts_bpf, &xdp_verdicts_bpf__destroy>;
using Link = Handle<bpf_link, &bpf_link__destroy>;

class ExitCounter : public XdpCounter {
  public:
    Status open(const BpfProgramInfo &program);
    [[nodiscard]] XdpWay way() const override { return XdpWay::exit; }
    [[nodiscard]] std::string description() const override { return "fexit"; }
    Result<std::vector<XdpCounts>> read() override;
    [[nodiscard]] uint64_t passed_over() const override {
        return recursion_misses(bpf_program__fd(skeleton_->progs.leave));
    }

  private:
    // In this order: the entry is to be known when the exit is.
    Skeleton skeleton_;
    Link enter_, leave_;
};

Status ExitCounter::open(const BpfProgramInfo &program) {
    if (auto can = can_attach_at_exit(program); !can)
        return can;
    keep_libbpf_words();
    const auto target = open_program(program.id);
    if (!target)
        return target.error();
    skeleton_.reset(xdp_verdicts_bpf__open());
    if (!skeleton_)
        return refused_at_exit(errno);
    for (bpf_program *ours : {skeleton_->progs.enter, skeleton_->progs.leave})
        if (const int err =
                bpf_program__set_attach_target(ours, target->get(), program.function.c_str()))
            return refused_at_exit(-err);
    if (const int err = xdp_verdicts_bpf__load(skeleton_.get()))
        return refused_at_exit(-err);
    enter_.reset(bpf_program__attach_trace(skeleton_->progs.enter));
    if (enter_)
        leave_.reset(bpf_program__attach_trace(skeleton_->progs.leave));
    if (!leave_)
        return refused_at_exit(errno);
    return success();
}

// Each CPU may have put a device into another place.
Result<std::vector<XdpCounts>> ExitCounter::read() {
    const int cpus = libbpf_num_possible_cpus();
    if (cpus <= 0)
        return errno_error("cannot count the CPUs", -cpus);
    std::vector<wire_xdp_device> parts(static_cast<size_t>(cpus));
    std::map<std::pair<uint32_t, uint32_t>, XdpCounts> sums;
    for (uint32_t place = 0; place <= WIRE_XDP_DEVICES; place++) {
        if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.devices), &place, parts.data()) != 0)
            return errno_error("cannot read the counts of an XDP program", errno);
        for (const wire_xdp_device &part : parts) {
            XdpCounts sum{part.netns, part.ifindex, {}, 0};
            XdpCounts &counts = sums.try_emplace({part.netns, part.ifindex}, sum).first->second;
            for (size_t i = 0; i < xdp_answers; i++) {
                counts.answers[i].packets += part.answers[i].packets;
                counts.answers[i].bytes += part.answers[i].bytes;
            }
        }
    }
    std::vector<XdpCounts> all;
    for (const auto &[device, counts] : sums)
        if (counts != XdpCounts{counts.netns, counts.ifindex, {}, 0})
            all.push_back(counts);
    return all;
}

}  // namespace

Result<std::unique_ptr<XdpCounter>> count_at_exit(const BpfProgramInfo &program) {
    auto counter = std::make_unique<ExitCounter>();
    if (auto opened = counter->open(program); !opened)
        return opened.error();
    return std::unique_ptr<XdpCounter>(std::move(counter));
}

}  // namespace whydrop
