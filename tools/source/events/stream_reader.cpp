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

Result<std::unique_ptr<StreamReader>> StreamReader::open(const TraceFs &fs,
                                                         const StreamOptions &options,
                                                         EachEvent each) {
    auto instance = TraceInstance::make(fs.top());
    if (!instance)
        return instance.error();
    auto stream = EventStream::open(fs, instance->dir(), options);
    if (!stream)
        return stream.error();
    return std::unique_ptr<StreamReader>(
        new StreamReader(std::move(*instance), std::move(*stream), std::move(each)));
}

void StreamReader::run() {
    std::unique_lock<std::mutex> lock(mutex_);
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
        const std::lock_guard<std::mutex> lock(mutex_);
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

Result<StreamReader::CaughtUp> StreamReader::caught_up() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (auto read = read_all(); !read)
        return read.error();
    auto losses = stream_.losses();
    if (!losses)
        return losses.error();
    return CaughtUp{std::move(lock), *losses};
}

}  // namespace whydrop
