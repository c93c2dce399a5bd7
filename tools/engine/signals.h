// SPDX-License-Identifier: GPL-2.0-or-later
// Ctrl-C, SIGTERM and SIGUSR1 as something to poll. Restored at the end of the scope.
#pragma once

#include <csignal>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

class RunSignals {
  public:
    static Result<RunSignals> catch_them();
    RunSignals(RunSignals &&) noexcept = default;
    RunSignals &operator=(RunSignals &&) = delete;
    ~RunSignals();

    [[nodiscard]] int poll_fd() const { return fd_.get(); }
    // What has come since the last call. After the first SIGINT or SIGTERM the next one kills, as
    // it would have done without us.
    struct Came {
        bool stop = false, report = false;
    };
    Came take();

  private:
    RunSignals() = default;
    Fd fd_;
    sigset_t before_{};
};

// Ctrl-C comes to every program of a pipe. Who reads what another one writes at its end passes over
// the first, so that it can; the second kills.
class FirstInterruptIsForTheWriter {
  public:
    FirstInterruptIsForTheWriter();
    FirstInterruptIsForTheWriter(const FirstInterruptIsForTheWriter &) = delete;
    FirstInterruptIsForTheWriter &operator=(const FirstInterruptIsForTheWriter &) = delete;
    ~FirstInterruptIsForTheWriter();

  private:
    struct sigaction before_ {};
};

}  // namespace whydrop
