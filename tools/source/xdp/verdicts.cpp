// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/xdp/verdicts.h"

namespace whydrop {

const char *name_of(XdpAnswer answer) {
    static const char *const names[] = {"aborted", "drop", "pass", "tx", "redirect", "invalid"};
    return names[static_cast<size_t>(answer)];
}

namespace {

constexpr struct {
    const char *name;
    Result<std::unique_ptr<XdpCounter>> (*open)(const BpfProgramInfo &program);
} ways[] = {{"fexit", count_at_exit}, {"map", count_by_map}, {"run_cnt", count_by_runs}};

}  // namespace

OpenedXdpCounter open_xdp_counter(const BpfProgramInfo &program) {
    OpenedXdpCounter opened;
    for (const auto &way : ways) {
        auto counter = way.open(program);
        if (counter) {
            opened.counter = std::move(*counter);
            break;
        }
        const Error &error = counter.error();
        opened.refused.push_back(std::string(way.name) + ": " + error.what +
                                 (error.hint.empty() ? "" : " (" + error.hint + ")"));
    }
    return opened;
}

}  // namespace whydrop
