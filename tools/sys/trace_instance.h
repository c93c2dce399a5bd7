// SPDX-License-Identifier: GPL-2.0-or-later
// What we change in tracefs, undone at the end of its scope: an instance, and triggers.
#pragma once

#include <string>
#include <vector>

#include "sys/handle.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

// A set of buffers and triggers of our own, which nobody else's are disturbed by:
// instances/whydrop-PID-N. The kernel removes its triggers with it.
class TraceInstance {
  public:
    // Removes first what killed runs left.
    static Result<TraceInstance> make(const TraceDir &top);

    TraceInstance(TraceInstance &&other) noexcept;
    TraceInstance &operator=(TraceInstance &&) = delete;
    ~TraceInstance();

    [[nodiscard]] const TraceDir &dir() const { return dir_; }

  private:
    TraceInstance(TraceDir dir, Fd held) : dir_(std::move(dir)), held_(std::move(held)) {}
    TraceDir dir_;
    Fd held_;
    bool ours_ = true;
};

// Removes the instances of runs whose process is gone, and names them. One that is in use by a
// process that cannot be seen from here (another PID namespace) is busy, and stays.
std::vector<std::string> remove_left_instances(const TraceDir &top);

// Why the kernel did not take `text` for an event's trigger or filter: its own word from error_log,
// with its caret, as usage; `error` where it has none.
Error kernel_refusal(const TraceDir &dir, const TraceEvent &event, const std::string &text,
                     const Error &error);

// A trigger of an event. One that refers to another's histogram (enable_hist) is to be made after
// and so goes first: the kernel does not remove what is referred to.
class TraceTrigger {
  public:
    // Errors: kernel_refusal(); unsupported when the event takes no triggers.
    static Result<TraceTrigger> set(const TraceDir &dir, const TraceEvent &event,
                                    const std::string &text);

    TraceTrigger(TraceTrigger &&other) noexcept;
    TraceTrigger &operator=(TraceTrigger &&) = delete;
    ~TraceTrigger();

  private:
    TraceTrigger(TraceDir dir, std::string file, std::string text)
        : dir_(std::move(dir)), file_(std::move(file)), text_(std::move(text)) {}
    TraceDir dir_;
    std::string file_, text_;  // text: empty when there is nothing to remove
};

}  // namespace whydrop
