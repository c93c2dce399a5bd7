// SPDX-License-Identifier: GPL-2.0-or-later
// The command after `--`: made ready first, started when the observer is.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

class Child {
  public:
    // Forks a process that waits for start(). It dies with us, should we be killed before that.
    static Result<Child> prepare(const std::vector<std::string> &command);

    Child(Child &&) noexcept = default;
    Child &operator=(Child &&) noexcept = default;
    // A command that was never started is ended; one that runs is left alone.
    ~Child();

    // Errors: usage when there is no such command (or it is not executable).
    Status start();
    // Readable when it has ended.
    [[nodiscard]] int poll_fd() const { return pidfd_.get(); }
    // The same before start() and after.
    [[nodiscard]] pid_t pid() const { return pid_; }
    // As a shell gives it: the exit code, or 128 + signal. Absent while it runs; `wait` waits.
    [[nodiscard]] std::optional<int> status(bool wait) const;

  private:
    Child() = default;
    std::vector<std::string> command_;
    pid_t pid_ = -1;
    Fd pidfd_;
    Fd go_;      // closing or writing lets it go on
    Fd failed_;  // errno of exec comes here
    bool started_ = false;
};

}  // namespace whydrop
