// SPDX-License-Identifier: GPL-2.0-or-later
#include "asked.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cstdarg>
#include <cstring>

#include "filter/packet_filter.h"
#include "probes/wire.h"
#include "source/kernel_btf.h"
#include "sys/handle.h"
#include "trials.h"
#include "trials.skel.h"

namespace whydrop::filter_test {

namespace {

KernelBtf &btf() {
    static KernelBtf kernel;
    return kernel;
}

std::string said;

int keep(libbpf_print_level level, const char *format, va_list args) {
    char line[2048];
    if (level == LIBBPF_WARN && vsnprintf(line, sizeof line, format, args) > 0)
        said += line;
    return 0;
}

trial trial_of(const Tested &packet) {
    trial made{};
    const size_t copied = std::min<size_t>(packet.bytes.size(), TRIAL_BYTES);
    std::copy_n(packet.bytes.begin(), copied, made.packet);
    made.link = packet.ethernet ? WIRE_EVENT_MAC : WIRE_EVENT_L3;
    made.readable = std::min(packet.readable, static_cast<uint32_t>(copied));
    made.bytes = static_cast<uint32_t>(packet.bytes.size());
    made.tag = uint32_t{packet.vlan_proto} << 16 | packet.vlan_tci;
    made.verdict = TRIAL_NOT_RUN;
    return made;
}

}  // namespace

bool reads_directly() {
    return btf().has_function("bpf_rdonly_cast");
}

struct InKernel::State {
    Handle<trials_bpf, &trials_bpf__destroy> skeleton;
    bpf_program *program = nullptr;
};

InKernel::InKernel(std::unique_ptr<State> state) : state_(std::move(state)) {}
InKernel::InKernel(InKernel &&) noexcept = default;
InKernel::~InKernel() = default;

Result<InKernel> InKernel::load(const std::string &expression, bool direct) {
    static const Status handled = FilterForLoading::also_for("tc", BPF_PROG_TYPE_SCHED_CLS);
    if (!handled)
        return handled.error();
    FilterReading reading;
    if (direct)
        reading = {btf().function_id("bpf_rdonly_cast"), btf().struct_id("in6_addr")};
    auto filter = PacketFilter::compile(expression, reading);
    if (!filter)
        return filter.error();
    const FilterForLoading filtered(&*filter);
    libbpf_set_print(keep);
    said.clear();
    auto state = std::make_unique<State>();
    state->skeleton.reset(trials_bpf__open());
    if (!state->skeleton)
        return errno_error("cannot open the program of the test", errno);
    state->program = direct ? state->skeleton->progs.ask_cast : state->skeleton->progs.ask_probe;
    bpf_program__set_autoload(state->program, true);
    if (trials_bpf__load(state->skeleton.get()) != 0)
        return Error{Errc::failed, "the kernel refused '" + expression + "': " + said, ""};
    return InKernel(std::move(state));
}

std::vector<Verdict> InKernel::ask(const std::vector<Tested> &packets) {
    std::vector<Verdict> verdicts;
    uint8_t frame[64] = {};  // the kernel wants one; nobody looks at it
    for (size_t from = 0; from < packets.size(); from += TRIALS) {
        const size_t count = std::min<size_t>(packets.size() - from, TRIALS);
        trial *trials = state_->skeleton->bss->trials;
        for (size_t i = 0; i < count; i++)
            trials[i] = trial_of(packets[from + i]);
        state_->skeleton->bss->next = 0;
        bpf_test_run_opts options{};
        options.sz = sizeof options;
        options.data_in = frame;
        options.data_size_in = sizeof frame;
        options.repeat = static_cast<int>(count);
        (void)bpf_prog_test_run_opts(bpf_program__fd(state_->program), &options);
        for (size_t i = 0; i < count; i++)
            verdicts.push_back(static_cast<Verdict>(trials[i].verdict));
    }
    return verdicts;
}

}  // namespace whydrop::filter_test
