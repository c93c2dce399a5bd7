// SPDX-License-Identifier: GPL-2.0-or-later
// What changed between readings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "source/counters/counter.h"

namespace whydrop {

struct CounterChange {
    std::string source, place, dev, name;
    int64_t delta = 0;   // below 0 with levels only
    uint64_t value = 0;  // as read last
    bool level = false;
    bool appeared = false;  // was not there at first: counted from zero
    bool reset = false;     // began anew on the way: counted from zero again
    bool wrapped = false;   // of 32 bits, and ran over
};

// From one reading to the next: what is not the same, in the order of `after`. A name, or a place,
// that `before` has not is counted from zero. A counter that is smaller than before ran over its 32
// bits where that makes it grow by less than half of them, else it began anew.
std::vector<CounterChange> counter_changes(const CounterReading &before,
                                           const CounterReading &after);

// Places that `before` has and `after` has not, "driver eth7": since when and how much they counted
// until they went nobody knows.
std::vector<std::string> counters_gone(const CounterReading &before, const CounterReading &after);

// Changes of several steps, added up: with many readings a counter may run over more than once, and
// what a device counted until it went is kept.
class CounterTotals {
  public:
    CounterTotals() = default;
    // What was there before the first step: all else appeared, even if it stood at zero for a
    // while.
    explicit CounterTotals(const CounterReading &first);

    void add(const std::vector<CounterChange> &step);
    // In the order in which they changed first.
    [[nodiscard]] std::vector<CounterChange> all() const { return all_; }

  private:
    using Key = std::tuple<std::string, std::string, std::string>;  // source, place, name
    std::optional<std::set<Key>> first_;
    std::map<Key, size_t> where_;
    std::vector<CounterChange> all_;
};

}  // namespace whydrop
