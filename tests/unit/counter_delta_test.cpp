// SPDX-License-Identifier: GPL-2.0-or-later
// What changed between readings: counters that run over, begin anew, appear and go.
#include <gtest/gtest.h>

#include "source/counters/delta.h"

namespace whydrop {
namespace {

CounterReading reading(std::vector<Counter> counters, const std::string &place = "eth0",
                       uint64_t identity = 2) {
    return {{{"link", place, identity, std::move(counters), place}}, {}};
}

std::string text_of(const std::vector<CounterChange> &changes) {
    std::string text;
    for (const CounterChange &change : changes)
        text += change.place + " " + change.name + " " + std::to_string(change.delta) +
                (change.level ? " level" : "") + (change.appeared ? " appeared" : "") +
                (change.reset ? " reset" : "") + (change.wrapped ? " wrapped" : "") + ";";
    return text;
}

struct Row {
    const char *sentence;
    CounterReading before, after;
    const char *expected;
};

TEST(CounterChanges, AreWhatIsNotTheSame) {
    const uint64_t last_of_32 = 0xffffffff;
    const Row rows[] = {
        {"what grew", reading({{"rx", 7}, {"tx", 5}}), reading({{"rx", 18}, {"tx", 5}}),
         "eth0 rx 11;"},
        {"a counter of 32 bits ran over", reading({{"rx", last_of_32 - 2}}), reading({{"rx", 4}}),
         "eth0 rx 7 wrapped;"},
        {"from its last value to zero", reading({{"rx", last_of_32}}), reading({{"rx", 0}}),
         "eth0 rx 1 wrapped;"},
        {"one that went back a little began anew", reading({{"rx", 1000}}), reading({{"rx", 13}}),
         "eth0 rx 13 reset;"},
        {"one of 64 bits does not run over", reading({{"rx", last_of_32 + 10}}),
         reading({{"rx", 3}}), "eth0 rx 3 reset;"},
        {"a level may fall", reading({{"qlen", 17, true}}), reading({{"qlen", 4, true}}),
         "eth0 qlen -13 level;"},
        {"a name between others, counted from zero", reading({{"a", 1}, {"c", 3}}),
         reading({{"a", 1}, {"b", 5}, {"c", 4}}), "eth0 b 5 appeared;eth0 c 1;"},
        {"a name that is not there any more", reading({{"a", 1}, {"b", 2}}), reading({{"b", 5}}),
         "eth0 b 3;"},
        {"a device that came", {}, reading({{"rx", 19}, {"tx", 0}}), "eth0 rx 19 appeared;"},
        {"another device of the same name", reading({{"rx", 50}}), reading({{"rx", 53}}, "eth0", 9),
         "eth0 rx 53 appeared;"},
        {"a device that went", reading({{"rx", 50}}), {}, ""},
        {"nothing changed", reading({{"rx", 50}}), reading({{"rx", 50}}), ""},
    };
    for (const Row &row : rows)
        EXPECT_EQ(text_of(counter_changes(row.before, row.after)), row.expected) << row.sentence;
}

TEST(CountersGone, AreThePlacesThatAreNotThereAnyMore) {
    const CounterReading both{{{"link", "eth0", 2, {}, ""}, {"link", "eth1", 3, {}, ""}}, {}};
    const CounterReading one{{{"link", "eth0", 2, {}, ""}}, {}};
    EXPECT_EQ(counters_gone(both, one), std::vector<std::string>{"link eth1"});
    EXPECT_TRUE(counters_gone(one, both).empty());
}

// A device that went and came back under its name: both are counted.
TEST(CounterTotals, AddStepsUp) {
    CounterTotals totals;
    const CounterReading steps[] = {reading({{"rx", 3}}),
                                    reading({{"rx", 8}}),
                                    {},
                                    reading({{"rx", 7}}, "eth0", 5),
                                    reading({{"rx", 18}}, "eth0", 5)};
    for (size_t i = 1; i < std::size(steps); i++)
        totals.add(counter_changes(steps[i - 1], steps[i]));
    EXPECT_EQ(text_of(totals.all()), "eth0 rx 23;");
    EXPECT_EQ(totals.all().front().value, 18U);
}

// Seen at zero first, and counting only later.
TEST(CounterTotals, KnowWhatAppearedInTheRun) {
    const CounterReading first = reading({{"rx", 3}}),
                         came{{{"link", "v3", 9, {{"rx", 0}}, ""}}, {}},
                         counted{{{"link", "v3", 9, {{"rx", 29}}, ""}}, {}};
    CounterTotals totals(first);
    totals.add(counter_changes(first, came));
    totals.add(counter_changes(came, counted));
    EXPECT_EQ(text_of(totals.all()), "v3 rx 29 appeared;");
    CounterTotals known(came);
    known.add(counter_changes(came, counted));
    EXPECT_EQ(text_of(known.all()), "v3 rx 29;");
}

TEST(CounterTotals, SeeACounterRunOverTwice) {
    CounterTotals totals;
    uint64_t value = 0;
    for (int step = 0; step < 6; step++) {
        const uint64_t next = (value + 0x60000000) & 0xffffffff;
        totals.add(counter_changes(reading({{"rx", value}}), reading({{"rx", next}})));
        value = next;
    }
    EXPECT_EQ(totals.all().front().delta, 6 * int64_t{0x60000000});
    EXPECT_TRUE(totals.all().front().wrapped);
}

}  // namespace
}  // namespace whydrop
