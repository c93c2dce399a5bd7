// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/probe_loading.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>

#include "source/kernel_btf.h"
#include "source/libbpf_words.h"

namespace whydrop {

Error load_error(int err) {
    Error error = errno_error("the kernel refused the probe", err);
    if (err == EPERM)
        error.hint = "run as root, or with CAP_BPF and CAP_PERFMON";
    else
        error.hint = "'whydrop doctor' shows what this kernel can do; it said: " + libbpf_words();
    error.code = Errc::unsupported;
    return error;
}

Result<std::optional<PacketFilter>> packet_filter_for(const std::string &expression, bool cast,
                                                      KernelBtf &btf) {
    if (expression.empty())
        return std::optional<PacketFilter>();
    FilterReading reading;
    if (cast)
        reading = {btf.function_id("bpf_rdonly_cast"), btf.struct_id("in6_addr")};
    auto filter = PacketFilter::compile(expression, reading);
    if (!filter)
        return filter.error();
    return std::optional(std::move(*filter));
}

uint64_t recursion_misses(int program) {
    bpf_prog_info info{};
    uint32_t bytes = sizeof info;
    return bpf_obj_get_info_by_fd(program, &info, &bytes) == 0 ? info.recursion_misses : 0;
}

}  // namespace whydrop
