// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_pairs.h"

#include <algorithm>
#include <numeric>

#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_key.h"
#include "source/tracefs/hist_text.h"
#include "source/tracefs/hist_trigger.h"

namespace whydrop {

namespace {

constexpr uint32_t kUsualOpen = 65536;
const char *const kLatency = "latency_ns";

size_t keys_of(const PairQuery &query) {
    return 1 + query.from_key.has_value() + query.to_key.has_value();
}

}  // namespace

EventPairs::EventPairs(Side from, Side to, const PairQuery &query)
    : from_(std::move(from)),
      to_(std::move(to)),
      most_open_(query.open == 0 ? kUsualOpen : query.open),
      table_(keys_of(query), 1, query.size) {}

Result<EventPairs::Side> EventPairs::side(const std::string &on, const std::string &condition,
                                          const std::optional<HistKey> &key,
                                          const EventFormat &format, std::endian order) {
    const EventField *field = format.field(on);
    if (!field)
        return Error{Errc::usage, "the event " + format.name + " has no field '" + on + "'",
                     "it has " + field_names(format)};
    if (field->kind != EventField::Kind::number)
        return Error{Errc::usage, "events cannot be paired by " + on + ": it is no number", {}};
    auto looked_at = EventCondition::make(condition, format, order);
    if (!looked_at)
        return looked_at.error();
    Side side{std::move(*looked_at), FieldReader(*field, order), {}, format};
    if (!key)
        return side;
    HistQuery query;
    query.keys = {*key};
    if (const auto valid = hist_trigger(query, format); !valid)
        return valid.error();
    auto ready = EventKey::make(*key, format, order);
    if (!ready)
        return ready.error();
    side.key = std::move(*ready);
    return side;
}

Result<EventPairs> EventPairs::make(const PairQuery &query, const EventFormat &from,
                                    const EventFormat &to, std::endian order) {
    auto first = side(query.from_on, query.from_condition, query.from_key, from, order);
    if (!first)
        return first.error();
    auto second = side(query.to_on, query.to_condition, query.to_key, to, order);
    if (!second)
        return second.error();
    return EventPairs(std::move(*first), std::move(*second), query);
}

std::optional<uint64_t> EventPairs::wanted(const Side &side, const TraceEventView &event,
                                           EventNames &names) {
    const auto is = side.condition.matches(event, names);
    if (is && !*is)
        return {};
    const auto value = is ? side.on.number(event.record) : std::nullopt;
    losses_.unreadable += !value;
    return value;
}

bool EventPairs::read_key(Side &side, const TraceEventView &event, EventNames &names, Open &read) {
    if (!side.key)
        return true;
    const auto word = side.key->word(event, table_.full(), names);
    read.key = word.value;
    read.key_full = word.outcome == EventKey::Outcome::no_room;
    return word.outcome != EventKey::Outcome::absent;
}

void EventPairs::from(const TraceEventView &event, EventNames &names) {
    const auto value = wanted(from_, event, names);
    if (!value)
        return;
    Open first{*value, event.time_ns};
    if (!read_key(from_, event, names, first)) {
        losses_.unreadable++;
        return;
    }
    if (const auto found = by_value_.find(*value); found != by_value_.end()) {
        losses_.again++;
        open_.erase(found->second);
        by_value_.erase(found);
    } else if (open_.size() == most_open_) {
        losses_.forgotten++;
        by_value_.erase(open_.front().on);
        open_.pop_front();
    }
    by_value_[*value] = open_.insert(open_.end(), first);
}

void EventPairs::to(const TraceEventView &event, EventNames &names) {
    const auto value = wanted(to_, event, names);
    if (!value)
        return;
    Open second{*value, event.time_ns};
    const bool readable = read_key(to_, event, names, second);
    losses_.unreadable += !readable;
    const auto found = by_value_.find(*value);
    if (found == by_value_.end()) {
        losses_.without_from += readable;
        return;
    }
    if (readable)
        count(*found->second, second, names);
    open_.erase(found->second);
    by_value_.erase(found);
}

void EventPairs::count(const Open &first, const Open &second, EventNames &names) {
    if (first.key_full || second.key_full) {
        table_.drop();
        return;
    }
    // Clocks of CPUs differ a little.
    const uint64_t passed = second.time_ns - std::min(first.time_ns, second.time_ns);
    uint64_t words[3] = {hist_log2(passed)};
    size_t count = 1;
    if (from_.key)
        words[count++] = first.key;
    if (to_.key)
        words[count++] = second.key;
    const auto place = table_.hit({words, count});
    if (place.no_room)
        return;
    table_.add(place.entry, 0, passed);
    if (place.is_new && from_.key)
        from_.key->keep_names(first.key, names);
    if (place.is_new && to_.key)
        to_.key->keep_names(second.key, names);
}

Histogram EventPairs::histogram(EventNames &names) const {
    Histogram histogram;
    histogram.keys = {{kLatency, HistModifier::log2, 0}};
    histogram.values = {kLatency};
    histogram.hits = table_.hits();
    histogram.dropped = table_.dropped();
    std::vector<const Side *> sides;
    for (const Side *side : {&from_, &to_})
        if (side->key) {
            sides.push_back(side);
            histogram.keys.push_back(side->key->key());
        }
    std::vector<size_t> order(table_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
        return table_.hits(a) != table_.hits(b) ? table_.hits(a) < table_.hits(b) : a < b;
    });
    for (const size_t entry : order) {
        const auto words = table_.keys(entry);
        HistEntry &shown = histogram.entries.emplace_back();
        shown.hits = table_.hits(entry);
        shown.values = {table_.values(entry)[0]};
        shown.keys.push_back(hist_power(words[0]));
        for (size_t i = 0; i < sides.size(); i++)
            shown.keys.push_back(sides[i]->key->value(words[i + 1], names));
    }
    for (const Side *side : sides)
        name_values(histogram, side->format);
    return histogram;
}

PairLosses EventPairs::losses() const {
    PairLosses losses = losses_;
    losses.waiting = open_.size();
    return losses;
}

}  // namespace whydrop
