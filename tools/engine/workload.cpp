// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/workload.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace whydrop {

Workload::~Workload() {
    if (thread_.joinable())
        thread_.join();
}

Status Workload::start(const std::function<Status()> &work) {
    done_.reset(eventfd(0, EFD_CLOEXEC));
    if (!done_)
        return errno_error("cannot make an eventfd", errno);
    thread_ = std::thread([this, work] {
        result_ = work();
        const uint64_t one = 1;
        (void)!write(done_.get(), &one, sizeof one);
    });
    return success();
}

Status Workload::result() {
    if (thread_.joinable())
        thread_.join();
    return result_;
}

}  // namespace whydrop
