// SPDX-License-Identifier: GPL-2.0-or-later
// The time between two events that are about the same thing, which a field names: from
// net:netif_receive_skb to skb:consume_skb by skbaddr.
#pragma once

#include <bit>
#include <memory>
#include <optional>
#include <string>

#include "model/event_format.h"
#include "model/histogram.h"
#include "model/trace_event.h"
#include "source/events/event_names.h"
#include "sys/result.h"

namespace whydrop {

struct PairQuery {
    std::string from_on, to_on;       // the field in each, mostly of the same name
    std::optional<HistKey> from_key;  // counted by it beside the time: of the first event
    std::optional<HistKey> to_key;    // ... or of the second
    uint32_t size = 0;                // entries of the histogram; 0: 2048
    uint32_t open = 0;                // firsts that wait for their second; 0: 65536
};

struct PairLosses {
    uint64_t without_from = 0;  // seconds whose first was not seen
    uint64_t again = 0;         // firsts that came again before their second: the newer counts
    uint64_t forgotten = 0;     // firsts for which there was no room
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
    EventPairs(EventPairs &&) noexcept;
    EventPairs &operator=(EventPairs &&) noexcept;
    ~EventPairs();

    void from(const TraceEventView &event, EventNames &names);
    void to(const TraceEventView &event, EventNames &names);

    // The keys: `latency_ns.log2` first, then the one asked for. The value: the sum of
    // `latency_ns`.
    [[nodiscard]] Histogram histogram(EventNames &names) const;
    [[nodiscard]] PairLosses losses() const;

  private:
    struct State;
    explicit EventPairs(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
