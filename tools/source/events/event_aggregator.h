// SPDX-License-Identifier: GPL-2.0-or-later
// A HistQuery answered by looking at every event: the same keys, sums and limits as the kernel's
// hist trigger has (kernel/trace/trace_events_hist.c, tracing_map.c), whatever the events come
// from. Memory does not grow with their number.
#pragma once

#include <bit>
#include <memory>

#include "model/event_format.h"
#include "model/histogram.h"
#include "model/trace_event.h"
#include "source/events/event_names.h"
#include "sys/result.h"

namespace whydrop {

class EventAggregator {
  public:
    // The query's condition is looked at here: leave it out where the kernel filters. `order` is
    // that of the machine the events are of. Errors: usage, as hist_trigger() has them, and for
    // what only the kernel at the event could know (the text behind a char *).
    static Result<EventAggregator> make(const HistQuery &query, const EventFormat &format,
                                        std::endian order = std::endian::native);
    EventAggregator(EventAggregator &&) noexcept;
    EventAggregator &operator=(EventAggregator &&) noexcept;
    ~EventAggregator();

    // `event` is of the format given to make(). `names` is asked for a process when a key has
    // .execname and for a condition on comm.
    void add(const TraceEventView &event, EventNames &names);

    // In the kernel's order, named (name_values).
    [[nodiscard]] Histogram histogram(EventNames &names) const;

    // Events that a key, a value or the condition could not be read of: in no entry.
    [[nodiscard]] uint64_t unreadable() const;
    // Counted by stack, under an empty one, as none came with the event.
    [[nodiscard]] uint64_t without_stack() const;
    [[nodiscard]] bool wants_stacks() const;

  private:
    struct State;
    explicit EventAggregator(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
