// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_aggregator.h"

#include <algorithm>
#include <numeric>

#include "source/tracefs/hist_text.h"
#include "source/tracefs/hist_trigger.h"

namespace whydrop {

EventAggregator::EventAggregator(const HistQuery &query, const EventFormat &format,
                                 EventCondition condition)
    : query_(query),
      format_(format),
      condition_(std::move(condition)),
      table_(query.keys.size(), query.values.size(), query.size) {}

Result<EventAggregator> EventAggregator::make(const HistQuery &query, const EventFormat &format,
                                              std::endian order) {
    auto trigger = hist_trigger(query, format);
    if (!trigger)
        return trigger.error();
    if (query.size > HistTable::most)
        return Error{Errc::usage,
                     "a histogram has at most " + std::to_string(HistTable::most) + " entries",
                     "size=" + std::to_string(query.size) + " was asked for"};
    auto condition = EventCondition::make(query.condition, format, order);
    if (!condition)
        return condition.error();
    EventAggregator made(query, format, std::move(*condition));
    made.trigger_ = std::move(*trigger);
    for (const HistKey &key : query.keys) {
        auto ready = EventKey::make(key, format, order);
        if (!ready)
            return ready.error();
        made.wants_stacks_ |= ready->wants_stacks();
        made.keys_.push_back(std::move(*ready));
    }
    for (const std::string &value : query.values)
        if (const EventField *field = format.field(value))
            made.values_.emplace_back(*field, order);
    made.words_.resize(made.keys_.size());
    made.amounts_.resize(made.values_.size());
    return made;
}

EventKey::Outcome EventAggregator::read_keys(const TraceEventView &event, EventNames &names) {
    for (size_t i = 0; i < keys_.size(); i++) {
        const auto word = keys_[i].word(event, table_.full(), names);
        if (word.outcome != EventKey::Outcome::read)
            return word.outcome;
        words_[i] = word.value;
    }
    return EventKey::Outcome::read;
}

void EventAggregator::add(const TraceEventView &event, EventNames &names) {
    const auto wanted = condition_.matches(event, names);
    if (wanted && !*wanted)
        return;
    bool readable = wanted.has_value();
    for (size_t i = 0; readable && i < values_.size(); i++) {
        const auto amount = values_[i].number(event.record);
        readable = amount.has_value();
        amounts_[i] = amount.value_or(0);
    }
    const auto outcome = readable ? read_keys(event, names) : EventKey::Outcome::absent;
    if (outcome == EventKey::Outcome::absent) {
        unreadable_++;
        return;
    }
    if (outcome == EventKey::Outcome::no_room) {
        table_.drop();
        return;
    }
    without_stack_ += wants_stacks_ && event.stack.empty();
    const auto place = table_.hit(words_);
    if (place.no_room)
        return;
    for (size_t i = 0; i < amounts_.size(); i++)
        table_.add(place.entry, i, amounts_[i]);
    for (size_t i = 0; place.is_new && i < keys_.size(); i++)
        keys_[i].keep_names(words_[i], names);
}

bool EventAggregator::is_before(size_t a, size_t b) const {
    for (const HistSort &sort : query_.sort) {
        const size_t first = sort.descending ? b : a, second = sort.descending ? a : b;
        if (sort.name == "hitcount" && table_.hits(a) != table_.hits(b))
            return table_.hits(first) < table_.hits(second);
        for (size_t i = 0; i < keys_.size(); i++)
            if (keys_[i].key().name == sort.name && table_.keys(a)[i] != table_.keys(b)[i])
                return keys_[i].less(table_.keys(first)[i], table_.keys(second)[i]);
        for (size_t i = 0; i < query_.values.size(); i++)
            if (query_.values[i] == sort.name && table_.values(a)[i] != table_.values(b)[i])
                return table_.values(first)[i] < table_.values(second)[i];
    }
    if (query_.sort.empty() && table_.hits(a) != table_.hits(b))
        return table_.hits(a) < table_.hits(b);
    return a < b;
}

std::vector<size_t> EventAggregator::sorted() const {
    std::vector<size_t> order(table_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [this](size_t a, size_t b) { return is_before(a, b); });
    return order;
}

Histogram EventAggregator::histogram(EventNames &names) const {
    Histogram histogram;
    histogram.trigger = trigger_;
    histogram.keys = query_.keys;
    histogram.values = query_.values;
    histogram.hits = table_.hits();
    histogram.dropped = table_.dropped();
    std::vector<uint64_t> addresses;
    for (size_t entry = 0; entry < table_.size(); entry++)
        for (size_t i = 0; i < keys_.size(); i++)
            keys_[i].expect(table_.keys(entry)[i], addresses);
    names.expect(addresses);
    for (const size_t entry : sorted()) {
        HistEntry &shown = histogram.entries.emplace_back();
        shown.hits = table_.hits(entry);
        for (size_t i = 0; i < keys_.size(); i++)
            shown.keys.push_back(keys_[i].value(table_.keys(entry)[i], names));
        const auto values = table_.values(entry);
        shown.values.assign(values.begin(), values.end());
    }
    name_values(histogram, format_);
    return histogram;
}

}  // namespace whydrop
