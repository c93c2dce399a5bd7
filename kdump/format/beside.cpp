// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/beside.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

namespace whydrop::kdump {

namespace {

// Where it may run, but for this CPU; left alone where that is the only one.
void send_away(std::thread &thread) {
    cpu_set_t cpus;
    const int here = ::sched_getcpu();
    if (here < 0 || ::sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return;
    CPU_CLR(here, &cpus);
    if (CPU_COUNT(&cpus) > 0)
        (void)::pthread_setaffinity_np(thread.native_handle(), sizeof cpus, &cpus);
}

class Thread : public Beside {
  public:
    explicit Thread(std::function<Status()> call)
        : thread_([this, call = std::move(call)] { said_ = call(); }) {
        send_away(thread_);
    }
    ~Thread() override {
        if (thread_.joinable())
            thread_.join();
    }
    Status wait() override {
        thread_.join();
        return said_;
    }

  private:
    Status said_ = success();
    std::thread thread_;  // last: it writes into what is above
};

}  // namespace

unsigned Beside::most() {
    constexpr unsigned enough = 4;  // more wait for memory
    return std::clamp(std::thread::hardware_concurrency(), 1u, enough);
}

std::unique_ptr<Beside> Beside::start(std::function<Status()> call) {
    try {
        return std::make_unique<Thread>(std::move(call));
    } catch (const std::system_error &) {
        return nullptr;
    }
}

}  // namespace whydrop::kdump
