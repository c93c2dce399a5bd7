// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/xdp/verdicts.h"

#include <iterator>

namespace whydrop {

const char *name_of(XdpAnswer answer) {
    static const char *const names[] = {"aborted", "drop", "pass", "tx", "redirect", "invalid"};
    return names[static_cast<size_t>(answer)];
}

Result<OpenedXdpCounter> open_xdp_counter(const BpfProgramInfo &program) {
    OpenedXdpCounter opened;
    for (const auto way : {count_at_exit, count_by_map, count_by_runs}) {
        auto counter = way(program);
        if (counter) {
            opened.counter = std::move(*counter);
            return opened;
        }
        opened.refused.push_back(counter.error().what);
    }
    Error error{
        Errc::unsupported,
        "program " + std::to_string(program.id) + " cannot be counted: " + opened.refused.back(),
        "run as root, or with CAP_BPF and CAP_PERFMON"};
    return error;
}

}  // namespace whydrop
