// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/probe_loading.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "source/kernel_btf.h"

namespace whydrop {

namespace {

// libbpf's complaints, kept for the error message instead of being printed.
thread_local std::string libbpf_said;

int keep_message(libbpf_print_level level, const char *format, va_list args) {
    if (level != LIBBPF_WARN)
        return 0;
    char *line = nullptr;
    if (vasprintf(&line, format, args) < 0)
        return 0;
    libbpf_said += line;
    std::free(line);
    // Why the verifier refuses a program stands at the end of a long log.
    constexpr size_t kept = 4096;
    libbpf_said.erase(0, libbpf_said.size() - std::min(libbpf_said.size(), kept));
    return 0;
}

}  // namespace

void keep_libbpf_words() {
    libbpf_set_print(keep_message);
    libbpf_said.clear();
}

Error load_error(int err) {
    Error error = errno_error("the kernel refused the probe", err);
    if (err == EPERM)
        error.hint = "run as root, or with CAP_BPF and CAP_PERFMON";
    else
        error.hint = "'whydrop doctor' shows what this kernel can do; it said: " + libbpf_said;
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
