// SPDX-License-Identifier: GPL-2.0-or-later
// The time between two events that are about the same thing, which a field names: from
// net:netif_receive_skb to skb:consume_skb by skbaddr.
#pragma once

#include <bit>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "model/event_format.h"
#include "model/histogram.h"
#include "model/trace_event.h"
#include "source/events/event_condition.h"
#include "source/events/event_key.h"
#include "source/events/event_names.h"
#include "source/events/hist_table.h"
#include "sys/result.h"

namespace whydrop {

struct PairQuery {
    std::string from_on, to_on;                // the field in each, mostly of the same name
    std::string from_condition, to_condition;  // looked at here; empty: all
    std::optional<HistKey> from_key;           // counted by it beside the time: of the first event
    std::optional<HistKey> to_key;             // ... or of the second
    uint32_t size = 0;                         // entries of the histogram; 0: 2048
    uint32_t open = 0;                         // firsts that wait for their second; 0: 65536
};

struct PairLosses {
    uint64_t without_from = 0;  // seconds whose first was not seen
    uint64_t again = 0;         // firsts that came again before their second: the newer counts
    uint64_t forgotten = 0;     // firsts that were the oldest when there was no room for more
    uint64_t waiting = 0;       // firsts whose second has not come
    uint64_t unreadable = 0;

    bool operator==(const PairLosses &) const = default;
};

// Give it the events in the order of their time.
class EventPairs {
  public:
    // Errors: usage.
    static Result<EventPairs> make(const PairQuery &query, const EventFormat &from,
                                   const EventFormat &to, std::endian order = std::endian::native);

    void from(const TraceEventView &event, EventNames &names);
    void to(const TraceEventView &event, EventNames &names);

    // The keys: `latency_ns.log2`, then those asked for. The value: the sum of `latency_ns`. In the
    // kernel's order, fewest hits first.
    [[nodiscard]] Histogram histogram(EventNames &names) const;
    [[nodiscard]] PairLosses losses() const;
    [[nodiscard]] bool wants_stacks() const {
        return (from_.key && from_.key->wants_stacks()) || (to_.key && to_.key->wants_stacks());
    }

  private:
    struct Side {
        EventCondition condition;
        FieldReader on;
        std::optional<EventKey> key;
        EventFormat format;
    };
    struct Open {
        uint64_t on = 0, time_ns = 0, key = 0;
        bool key_full = false;  // there was no room for its text
    };
    using Opens = std::list<Open>;
    EventPairs(Side from, Side to, const PairQuery &query);
    static Result<Side> side(const std::string &on, const std::string &condition,
                             const std::optional<HistKey> &key, const EventFormat &format,
                             std::endian order);
    // The field's value, when the event is one of those asked for.
    std::optional<uint64_t> wanted(const Side &side, const TraceEventView &event,
                                   EventNames &names);
    bool read_key(Side &side, const TraceEventView &event, EventNames &names, Open &read);
    void count(const Open &first, const Open &second, EventNames &names);

    Side from_, to_;
    size_t most_open_;
    HistTable table_;
    Opens open_;  // the oldest first
    std::unordered_map<uint64_t, Opens::iterator> by_value_;
    PairLosses losses_;
};

}  // namespace whydrop
