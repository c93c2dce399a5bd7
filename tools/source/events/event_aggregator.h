// SPDX-License-Identifier: GPL-2.0-or-later
// A HistQuery answered by looking at every event: the same keys, sums and limits as the kernel's
// hist trigger has (kernel/trace/trace_events_hist.c, tracing_map.c), whatever the events come
// from. Memory does not grow with their number.
#pragma once

#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "model/event_format.h"
#include "model/histogram.h"
#include "model/trace_event.h"
#include "source/events/event_condition.h"
#include "source/events/event_key.h"
#include "source/events/event_names.h"
#include "source/events/hist_table.h"
#include "sys/result.h"

namespace whydrop {

class EventAggregator {
  public:
    // The query's condition is looked at here: leave it out where the kernel filters. `order` is
    // that of the machine the events are of. Errors: usage, as hist_trigger() has them, and for
    // what only the kernel at the event could know (the text behind a char *).
    static Result<EventAggregator> make(const HistQuery &query, const EventFormat &format,
                                        std::endian order = std::endian::native);

    // `event` is of the format given to make(). `names` is asked for a process when a key has
    // .execname and for a condition on comm.
    void add(const TraceEventView &event, EventNames &names);

    // In the kernel's order, named (name_values).
    [[nodiscard]] Histogram histogram(EventNames &names) const;

    // Events that a key, a value or the condition could not be read of: in no entry.
    [[nodiscard]] uint64_t unreadable() const { return unreadable_; }
    // Counted by stack, under an empty one, as none came with the event.
    [[nodiscard]] uint64_t without_stack() const { return without_stack_; }
    [[nodiscard]] bool wants_stacks() const { return wants_stacks_; }

  private:
    EventAggregator(const HistQuery &query, const EventFormat &format, EventCondition condition);
    [[nodiscard]] bool is_before(size_t a, size_t b) const;
    [[nodiscard]] std::vector<size_t> sorted() const;
    EventKey::Outcome read_keys(const TraceEventView &event, EventNames &names);

    HistQuery query_;
    EventFormat format_;
    std::string trigger_;
    EventCondition condition_;
    std::vector<EventKey> keys_;
    std::vector<FieldReader> values_;
    HistTable table_;
    std::vector<uint64_t> words_, amounts_;  // of the event at hand
    uint64_t unreadable_ = 0, without_stack_ = 0;
    bool wants_stacks_ = false;
};

}  // namespace whydrop
