// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a stream in a thread of its own, so that buffers are emptied whatever its owner waits for.
// The stream is of a tracing instance that lives as long as the reader.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "model/trace_event.h"
#include "source/events/event_stream.h"
#include "sys/result.h"
#include "sys/trace_instance.h"
#include "sys/tracefs.h"

namespace whydrop {

class StreamReader {
  public:
    // `each` runs in the thread, and never at the same time as who holds caught_up()'s lock.
    // Errors: those of TraceInstance::make() and EventStream::open().
    static Result<std::unique_ptr<StreamReader>> open(const TraceFs &fs,
                                                      const StreamOptions &options, EachEvent each);
    StreamReader(const StreamReader &) = delete;
    StreamReader &operator=(const StreamReader &) = delete;
    ~StreamReader() { end(); }

    Status start();
    // All that came before is read.
    Status stop();

    // As long as it lives nothing is read; all from before the call was.
    struct CaughtUp {
        std::unique_lock<std::mutex> lock;
        TraceLosses losses;
    };
    // Errors: those of reading, also of earlier.
    Result<CaughtUp> caught_up();

    [[nodiscard]] const EventFormat &format(size_t i) const { return stream_.format(i); }

  private:
    StreamReader(TraceInstance instance, EventStream stream, EachEvent each)
        : instance_(std::move(instance)), stream_(std::move(stream)), each_(std::move(each)) {}
    void run();
    void end();
    Status read_all();

    TraceInstance instance_;
    EventStream stream_;
    EachEvent each_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool ends_ = false;
    std::optional<Error> problem_;
    std::thread thread_;
};

}  // namespace whydrop
