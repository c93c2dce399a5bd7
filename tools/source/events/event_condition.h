// SPDX-License-Identifier: GPL-2.0-or-later
// A condition as the kernel's event filters have it (kernel/trace/trace_events_filter.c), tried on
// recorded events.
#pragma once

#include <bit>
#include <memory>
#include <optional>
#include <string>

#include "model/event_format.h"
#include "model/trace_event.h"
#include "source/events/event_names.h"
#include "sys/result.h"

namespace whydrop {

class EventCondition {
  public:
    // An empty text is true of every event. Errors: usage, as hist_condition(), and for values that
    // only the kernel understands (function names, masks of CPUs).
    static Result<EventCondition> make(const std::string &text, const EventFormat &format,
                                       std::endian order = std::endian::native);
    EventCondition(EventCondition &&) noexcept;
    EventCondition &operator=(EventCondition &&) noexcept;
    ~EventCondition();

    // Nothing: a field that decides is not in the record. `names` is asked for comm only.
    [[nodiscard]] std::optional<bool> matches(const TraceEventView &event, EventNames &names) const;

    struct Node;

  private:
    explicit EventCondition(std::unique_ptr<Node> root);
    std::unique_ptr<Node> root_;  // none: always
};

}  // namespace whydrop
