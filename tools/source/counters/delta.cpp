// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/counters/delta.h"

#include <limits>
#include <unordered_map>

namespace whydrop {

namespace {

using Groups = std::unordered_map<std::string, const CounterGroup *>;

std::string key_of(const CounterGroup &group) {
    return group.source + '\0' + group.place + '\0' + std::to_string(group.identity);
}

Groups by_key(const CounterReading &reading) {
    Groups groups;
    groups.reserve(reading.groups.size());
    for (const CounterGroup &group : reading.groups)
        groups.emplace(key_of(group), &group);
    return groups;
}

// Names keep their places from reading to reading, but for those that appear between others.
class Before {
  public:
    explicit Before(const CounterGroup *group) : group_(group) {}

    const Counter *find(size_t place, const std::string &name) {
        if (!group_)
            return nullptr;
        const auto &counters = group_->counters;
        if (place < counters.size() && counters[place].name == name)
            return &counters[place];
        if (by_name_.empty())
            for (const Counter &counter : counters)
                by_name_.emplace(counter.name, &counter);
        const auto found = by_name_.find(name);
        return found == by_name_.end() ? nullptr : found->second;
    }

  private:
    const CounterGroup *group_;
    std::unordered_map<std::string, const Counter *> by_name_;
};

constexpr uint64_t most_of_32 = std::numeric_limits<uint32_t>::max();

void count(CounterChange &change, uint64_t before, uint64_t after) {
    if (change.level || after >= before) {
        change.delta = static_cast<int64_t>(after - before);
    } else if (before <= most_of_32 && before - after > most_of_32 / 2) {
        change.delta = static_cast<int64_t>(after + (most_of_32 + 1) - before);
        change.wrapped = true;
    } else {
        change.delta = static_cast<int64_t>(after);
        change.reset = true;
    }
}

}  // namespace

std::vector<CounterChange> counter_changes(const CounterReading &before,
                                           const CounterReading &after) {
    const Groups known = by_key(before);
    std::vector<CounterChange> changes;
    for (const CounterGroup &group : after.groups) {
        const auto found = known.find(key_of(group));
        Before was(found == known.end() ? nullptr : found->second);
        for (size_t i = 0; i < group.counters.size(); i++) {
            const Counter &counter = group.counters[i];
            const Counter *old = was.find(i, counter.name);
            if (old ? old->value == counter.value : counter.value == 0)
                continue;
            CounterChange change{group.source,  group.place,   group.dev,     counter.name, 0,
                                 counter.value, counter.level, old == nullptr};
            count(change, old ? old->value : 0, counter.value);
            changes.push_back(std::move(change));
        }
    }
    return changes;
}

std::vector<std::string> counters_gone(const CounterReading &before, const CounterReading &after) {
    const Groups known = by_key(after);
    std::vector<std::string> gone;
    for (const CounterGroup &group : before.groups)
        if (!known.contains(key_of(group)))
            gone.push_back(group.source + (group.place.empty() ? "" : " " + group.place));
    return gone;
}

CounterTotals::CounterTotals(const CounterReading &first) : first_(std::set<Key>()) {
    for (const CounterGroup &group : first.groups)
        for (const Counter &counter : group.counters)
            first_->emplace(group.source, group.place, counter.name);
}

void CounterTotals::add(const std::vector<CounterChange> &step) {
    for (const CounterChange &change : step) {
        const Key key{change.source, change.place, change.name};
        const auto [found, fresh] = where_.try_emplace(key, all_.size());
        if (fresh) {
            all_.push_back(change);
            if (first_)
                all_.back().appeared = !first_->contains(key);
            continue;
        }
        CounterChange &total = all_[found->second];
        total.delta += change.delta;
        total.value = change.value;
        total.reset |= change.reset;
        total.wrapped |= change.wrapped;
    }
}

}  // namespace whydrop
