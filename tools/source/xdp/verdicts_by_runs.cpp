// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>

#include <cerrno>

#include "source/xdp/verdicts.h"

namespace whydrop {

namespace {

class RunCounter : public XdpCounter {
  public:
    RunCounter(Fd statistics, Fd program)
        : statistics_(std::move(statistics)), program_(std::move(program)) {}
    [[nodiscard]] XdpWay way() const override { return XdpWay::runs; }
    [[nodiscard]] std::string description() const override { return "run_cnt"; }
    Result<std::vector<XdpCounts>> read() override {
        const auto info = program_info(program_);
        if (!info)
            return info.error();
        XdpCounts counts;
        counts.runs = info->run_count;
        return std::vector<XdpCounts>{counts};
    }

  private:
    Fd statistics_;  // the kernel counts while it is open
    Fd program_;
};

}  // namespace

Result<std::unique_ptr<XdpCounter>> count_by_runs(const BpfProgramInfo &program) {
    if (program.type == BPF_PROG_TYPE_EXT)
        return Error{Errc::unsupported,
                     "the kernel does not count the runs of what replaces a function of another "
                     "program, as a dispatcher's members do",
                     ""};
    Fd statistics(bpf_enable_stats(BPF_STATS_RUN_TIME));
    if (!statistics) {
        Error error = errno_error("cannot have the kernel count the runs of programs", errno);
        error.code = Errc::unsupported;
        return error;
    }
    auto opened = open_program(program.id);
    if (!opened)
        return opened.error();
    return std::unique_ptr<XdpCounter>(
        std::make_unique<RunCounter>(std::move(statistics), std::move(*opened)));
}

}  // namespace whydrop
