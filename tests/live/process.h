// SPDX-License-Identifier: GPL-2.0-or-later
// Runs programs and keeps what they write: to their end, or while something else is done.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sys/handle.h"

namespace whydrop::live {

struct Finished {
    int status = -1;  // as a shell gives it: 128 + signal for a killed one; -1: not started
    std::string out, err;
};

// Looks at once, and again every few milliseconds. False: it was not so in all that time.
bool comes_true(const std::function<bool()> &condition, std::chrono::milliseconds patience);

// A program in a session of its own, so that what it starts can be told from the rest.
class Running {
  public:
    explicit Running(const std::vector<std::string> &words);
    Running(const Running &) = delete;
    Running &operator=(const Running &) = delete;
    ~Running();  // kills what is left of the session

    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const;
    // On either stream, until now.
    [[nodiscard]] bool has_said(const std::string &text) const;
    [[nodiscard]] bool has_ended() { return reap(WNOHANG); }
    // Waits for its end. One that takes longer is killed, and its status is 128 + SIGKILL.
    Finished finish(std::chrono::milliseconds patience = std::chrono::minutes(2));
    // Processes of the session that are not dead: the program and what it started.
    [[nodiscard]] std::vector<pid_t> members() const;

  private:
    bool reap(int flags);

    pid_t pid_ = -1;
    int status_ = -1;  // as in Finished
    bool ended_ = false;
    Fd out_, err_;  // files in memory, not pipes: nobody has to read meanwhile
};

Finished run_process(const std::vector<std::string> &words);

// Why this whydrop cannot trace drops here, or make networks to lose them in; empty: it can.
std::string why_not_here(const std::string &whydrop);

}  // namespace whydrop::live
