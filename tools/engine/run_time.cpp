// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/run_time.h"

#include <poll.h>

#include <algorithm>

namespace whydrop {

using std::chrono::milliseconds;

namespace {

std::chrono::steady_clock::duration of_seconds(double seconds) {
    return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
}

}  // namespace

RunTime::RunTime(const RunTimeOptions &options, RunSignals signals)
    : duration_(of_seconds(options.duration_s)),
      interval_(of_seconds(options.interval_s)),
      signals_(std::move(signals)) {}

Result<RunTime> RunTime::prepare(const RunTimeOptions &options) {
    // The command first: it is to have the signals as we found them.
    std::optional<Child> child;
    if (!options.command.empty()) {
        auto prepared = Child::prepare(options.command);
        if (!prepared)
            return prepared.error();
        child.emplace(std::move(*prepared));
    }
    auto signals = RunSignals::catch_them();
    if (!signals)
        return signals.error();
    RunTime time(options, std::move(*signals));
    time.child_ = std::move(child);
    return time;
}

void RunTime::begin() {
    begun_ = Clock::now();
    next_report_ = begun_ + interval_;
}

Status RunTime::start_subject(const std::function<Status()> &workload) {
    if (child_)
        return child_->start();
    if (!workload)
        return success();
    workload_ = std::make_unique<Workload>();
    return workload_->start(workload);
}

RunTime::Woken RunTime::wait(milliseconds most, int fd) {
    const auto now = Clock::now();
    auto until = now + most;
    if (interval_.count() > 0)
        until = std::min(until, next_report_);
    if (duration_.count() > 0)
        until = std::min(until, begun_ + duration_);
    pollfd fds[3] = {{signals_.poll_fd(), POLLIN, 0},
                     {child_      ? child_->poll_fd()
                      : workload_ ? workload_->poll_fd()
                                  : -1,
                      POLLIN, 0},
                     {fd, POLLIN, 0}};
    const auto left =
        std::chrono::ceil<milliseconds>(std::max(until - now, Clock::duration::zero()));
    poll(fds, 3, static_cast<int>(left.count()));
    const auto came = signals_.take();
    stopped_ = stopped_ || came.stop;
    const auto woken_at = Clock::now();
    Woken woken;
    woken.stop =
        stopped_ || fds[1].revents || (duration_.count() > 0 && woken_at >= begun_ + duration_);
    woken.report = came.report || (!woken.stop && report_due(woken_at));
    return woken;
}

bool RunTime::report_due(Clock::time_point now) {
    if (interval_.count() == 0 || now < next_report_)
        return false;
    // After a stall the missed ones are not made up for.
    while (next_report_ <= now)
        next_report_ += interval_;
    return true;
}

double RunTime::seconds() const {
    return std::chrono::duration<double>(Clock::now() - begun_).count();
}

std::optional<pid_t> RunTime::command_pid() const {
    return child_ ? std::optional(child_->pid()) : std::nullopt;
}

std::optional<int> RunTime::command_status() const {
    return child_ ? child_->status(true) : std::nullopt;
}

Status RunTime::workload_result() {
    return workload_ && !stopped_ ? workload_->result() : success();
}

}  // namespace whydrop
