// SPDX-License-Identifier: GPL-2.0-or-later
// When an observation begins, when it shows something on the way, and when it ends: by Ctrl-C or
// SIGTERM, with the command or the workload that it observes, after its duration.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/signals.h"
#include "engine/workload.h"
#include "sys/child.h"
#include "sys/result.h"

namespace whydrop {

struct RunTimeOptions {
    double duration_s = 0;             // 0: no limit
    double interval_s = 0;             // between two reports; 0: none on the way
    std::vector<std::string> command;  // -- COMMAND
};

class RunTime {
  public:
    // Signals are caught from here on; the command waits for start(). Errors: usage when there is
    // no such command.
    static Result<RunTime> prepare(const RunTimeOptions &options);

    // All is observed: its time runs.
    void begin();
    // And now the command, or in its place this code of ours, in a thread.
    Status start_subject(const std::function<Status()> &workload = {});

    struct Woken {
        bool stop = false;    // the run is over
        bool report = false;  // an interval has passed, or SIGUSR1 came
    };
    // Sleeps until something happens to the run, a report is due, `fd` (-1: none) is readable, or
    // `most` has passed.
    Woken wait(std::chrono::milliseconds most, int fd = -1);

    [[nodiscard]] bool stopped() const { return stopped_; }  // by a signal
    [[nodiscard]] double seconds() const;                    // since begin()
    // Known before it is started. Absent: there is no command.
    [[nodiscard]] std::optional<pid_t> command_pid() const;
    // As a shell gives it, waited for. Absent: there was no command.
    [[nodiscard]] std::optional<int> command_status() const;
    // What the workload had to say; one that was interrupted says nothing.
    Status workload_result();

  private:
    using Clock = std::chrono::steady_clock;
    RunTime(const RunTimeOptions &options, RunSignals signals);
    bool report_due(Clock::time_point now);

    Clock::duration duration_, interval_;
    RunSignals signals_;
    std::optional<Child> child_;
    std::unique_ptr<Workload> workload_;
    Clock::time_point begun_, next_report_;
    bool stopped_ = false;
};

}  // namespace whydrop
