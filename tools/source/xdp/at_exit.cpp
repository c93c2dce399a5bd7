// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/xdp/at_exit.h"

#include <cerrno>

#include "source/libbpf_words.h"
#include "sys/bpf_features.h"

namespace whydrop {

Status can_attach_at_exit(const BpfProgramInfo &program) {
    if (program.btf == 0 || program.function.empty())
        return Error{
            Errc::unsupported,
            "it has no BTF, without which the kernel attaches nothing to its entry and exit",
            "compile it with -g"};
    return success();
}

Error refused_at_exit(int err) {
    Error error = errno_error("the kernel does not let us attach to its entry and exit", err);
    error.code = Errc::unsupported;
    // Who may load programs for tracepoints, and not for functions, lacks no privilege.
    if (err == EPERM)
        error.hint = probe_tp_btf().works
                         ? "it is no missing privilege, as this user may trace tracepoints: this "
                           "machine forbids everybody to trace functions and programs, by lockdown "
                           "or another security module"
                         : "run as root, or with CAP_BPF and CAP_PERFMON";
    else if (const std::string words = last_libbpf_words(); !words.empty())
        error.hint = words;
    return error;
}

}  // namespace whydrop
