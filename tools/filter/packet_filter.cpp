// SPDX-License-Identifier: GPL-2.0-or-later
#include "filter/packet_filter.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>

#include "probes/wire.h"

namespace whydrop {

namespace {

constexpr size_t prefix = 2;  // r5 = the map of copies

// What is not used is led to by a jump that is never taken: so it is no unreachable code, and the
// verifier removes it.
constexpr size_t never_taken = 2;

Result<std::vector<bpf_insn>> translated(const std::string &expression, FilterLink link,
                                         const FilterReading &reading) {
    auto classic = compile_expression(expression, link);
    if (!classic)
        return classic.error();
    auto program = translate(*classic, reading);
    if (program && program->size() + never_taken > WIRE_PCAP_ROOM)
        return Error{Errc::usage,
                     "the filter is too long: it takes " + std::to_string(program->size()) +
                         " instructions in the kernel, and there is room for " +
                         std::to_string(WIRE_PCAP_ROOM - never_taken),
                     "'net' can name many hosts at once"};
    return program;
}

bool is_filler(const bpf_insn &insn, uint32_t mark) {
    return insn.code == (BPF_ALU64 | BPF_MOV | BPF_K) && insn.dst_reg == 0 &&
           insn.imm == static_cast<int32_t>(mark);
}

Status fill_place(std::span<bpf_insn> program, uint32_t mark, const std::vector<bpf_insn> *filter) {
    auto filler = [mark](const bpf_insn &insn) { return is_filler(insn, mark); };
    auto place = std::find_if(program.begin(), program.end(), filler);
    if (place == program.end())
        return success();
    const auto room = std::find_if_not(place, program.end(), filler) - place;
    if (room != WIRE_PCAP_ROOM || place - program.begin() < static_cast<long>(prefix))
        return Error{Errc::failed, "the probe has a damaged place for a packet filter", ""};
    std::vector<bpf_insn> body = constant_answer(WIRE_PCAP_YES);
    if (filter)
        body = *filter;
    else
        place -= prefix;  // nor is the map there
    bpf_insn zero{}, jump{};
    zero.code = BPF_ALU64 | BPF_MOV | BPF_K;
    jump.code = BPF_JMP | BPF_JNE | BPF_K;
    jump.off = static_cast<int16_t>(body.size());
    *place++ = zero;
    *place++ = jump;
    std::copy(body.begin(), body.end(), place);
    return success();
}

thread_local const PacketFilter *loading = nullptr;

int before_load(bpf_program *program, bpf_prog_load_opts *, long) {
    const bpf_insn *insns = bpf_program__insns(program);
    std::vector<bpf_insn> filled(insns, insns + bpf_program__insn_cnt(program));
    if (!fill_places(filled, loading))
        return -EINVAL;
    return bpf_program__set_insns(program, filled.data(), filled.size());
}

int handle(const char *section, bpf_prog_type type, bpf_attach_type attach) {
    libbpf_prog_handler_opts options{};
    options.sz = sizeof options;
    options.prog_prepare_load_fn = before_load;
    return libbpf_register_prog_handler(section, type, attach, &options);
}

}  // namespace

Result<PacketFilter> PacketFilter::compile(const std::string &expression,
                                           const FilterReading &reading) {
    PacketFilter filter;
    auto ethernet = translated(expression, FilterLink::ethernet, reading);
    if (!ethernet)
        return ethernet.error();
    filter.ethernet_ = std::move(*ethernet);
    auto ip = translated(expression, FilterLink::ip, reading);
    filter.ip_ = ip ? std::move(*ip) : constant_answer(WIRE_PCAP_UNDECIDED);
    return filter;
}

Status fill_places(std::span<bpf_insn> program, const PacketFilter *filter) {
    auto done = fill_place(program, WIRE_PCAP_ETHERNET, filter ? &filter->ethernet() : nullptr);
    return done ? fill_place(program, WIRE_PCAP_RAW, filter ? &filter->ip() : nullptr) : done;
}

FilterForLoading::FilterForLoading(const PacketFilter *filter) {
    [[maybe_unused]] static const int registered =
        handle("tp_btf+", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP);
    [[maybe_unused]] static const int at_exit =
        handle("packet_exit+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT);
    loading = filter;
}

FilterForLoading::~FilterForLoading() {
    loading = nullptr;
}

Status FilterForLoading::also_for(const char *section, bpf_prog_type type) {
    const int id = handle(section, type, static_cast<bpf_attach_type>(0));
    return id < 0 ? errno_error("libbpf refused a handler for " + std::string(section), -id)
                  : success();
}

}  // namespace whydrop
