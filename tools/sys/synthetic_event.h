// SPDX-License-Identifier: GPL-2.0-or-later
// Events that we make up, for hist triggers to raise (Documentation/trace/histogram.rst, "synthetic
// events"). They are the kernel's, not an instance's: so their names say whose they are.
#pragma once

#include <string>
#include <vector>

#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

class SyntheticEvent {
  public:
    // `fields` as the kernel reads them: "u64 latency_ns; unsigned int len". Removes first what
    // killed runs left. Errors: unsupported when this kernel has none; kernel_refusal().
    static Result<SyntheticEvent> make(const TraceDir &top, const std::string &fields);

    SyntheticEvent(SyntheticEvent &&other) noexcept;
    SyntheticEvent &operator=(SyntheticEvent &&) = delete;
    // Whatever refers to it, triggers and instances, is to be gone before.
    ~SyntheticEvent();

    [[nodiscard]] const TraceEvent &event() const { return event_; }

  private:
    SyntheticEvent(TraceDir top, TraceEvent event)
        : top_(std::move(top)), event_(std::move(event)) {}
    TraceDir top_;
    TraceEvent event_;  // without a name: moved from
};

// Removes the synthetic events of runs whose process is gone, with the triggers and instances that
// hold them, and names them. Only of runs in this PID namespace: of others it cannot be known.
std::vector<std::string> remove_left_synthetic_events(const TraceDir &top);

}  // namespace whydrop
