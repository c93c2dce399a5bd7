// SPDX-License-Identifier: GPL-2.0-or-later
// Code of ours that causes drops while they are watched (`demo`), in a thread.
#pragma once

#include <functional>
#include <thread>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

class Workload {
  public:
    Workload() = default;
    Workload(const Workload &) = delete;
    Workload &operator=(const Workload &) = delete;
    ~Workload();  // waits for its end

    Status start(const std::function<Status()> &work);
    // Readable when it has ended; -1 when none was started.
    [[nodiscard]] int poll_fd() const { return done_.get(); }
    // Waits for its end.
    Status result();

  private:
    Fd done_;
    std::thread thread_;
    Status result_ = success();
};

}  // namespace whydrop
