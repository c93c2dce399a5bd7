// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a stream in a thread of its own, so that buffers are emptied whatever its owner waits for.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "model/trace_event.h"
#include "source/events/event_stream.h"
#include "sys/result.h"

namespace whydrop {

class StreamReader {
  public:
    // `each` runs in the thread, and never at the same time as who holds caught_up()'s lock.
    StreamReader(EventStream stream, EachEvent each)
        : stream_(std::move(stream)), each_(std::move(each)) {}
    StreamReader(const StreamReader &) = delete;
    StreamReader &operator=(const StreamReader &) = delete;
    ~StreamReader() { end(); }

    Status start();
    // All that came before is read.
    Status stop();

    using Lock = std::unique_lock<std::mutex>;
    // As long as the lock lives nothing is read; all from before the call was. Errors: those of
    // reading, also of earlier.
    Result<Lock> caught_up();
    [[nodiscard]] Result<TraceLosses> losses(const Lock & /*held*/) const {
        return stream_.losses();
    }

    [[nodiscard]] const EventFormat &format(size_t i) const { return stream_.format(i); }

  private:
    void run();
    void end();
    Status read_all();

    EventStream stream_;
    EachEvent each_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool ends_ = false;
    std::optional<Error> problem_;
    std::thread thread_;
};

}  // namespace whydrop
