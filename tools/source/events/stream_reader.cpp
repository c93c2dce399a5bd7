// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/stream_reader.h"

#include <signal.h>

namespace whydrop {

namespace {

constexpr auto kPause = std::chrono::milliseconds(10);

// Signals are for the thread that waits for them.
class NoSignals {
  public:
    NoSignals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals &) = delete;
    NoSignals &operator=(const NoSignals &) = delete;

  private:
    sigset_t before_{};
};

}  // namespace

void StreamReader::run() {
    Lock lock(mutex_);
    while (!ends_ && !problem_) {
        if (auto read = stream_.read(each_); !read)
            problem_ = read.error();
        wake_.wait_for(lock, kPause, [this] { return ends_; });
    }
}

Status StreamReader::start() {
    if (auto started = stream_.start(); !started)
        return started;
    const NoSignals none;
    thread_ = std::thread([this] { run(); });
    return success();
}

void StreamReader::end() {
    if (!thread_.joinable())
        return;
    {
        const Lock lock(mutex_);
        ends_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

Status StreamReader::read_all() {
    if (!problem_)
        if (auto read = stream_.read_all(each_); !read)
            problem_ = read.error();
    return problem_ ? Status(*problem_) : success();
}

Status StreamReader::stop() {
    end();
    if (auto stopped = stream_.stop(); !stopped)
        return stopped;
    return read_all();
}

Result<StreamReader::Lock> StreamReader::caught_up() {
    Lock lock(mutex_);
    if (auto read = read_all(); !read)
        return read.error();
    return lock;
}

}  // namespace whydrop
