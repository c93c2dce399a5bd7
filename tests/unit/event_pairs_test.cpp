// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_pairs.h"

#include <gtest/gtest.h>

#include "event_records.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {
namespace {

// '<' a first, '>' a second, of a packet, at a time; with a length and a device for keys.
struct Step {
    char what;
    uint64_t packet, time_ns;
    uint32_t len = 0;
    const char *dev = "lo";
};

struct PairRow {
    const char *why;
    std::vector<Step> steps;
    uint64_t pairs, sum_ns;
    PairLosses losses;
};

const PairRow kPairs[] = {
    {"one", {{'<', 7, 1000}, {'>', 7, 1033}}, 1, 33, {}},
    {"two, crossed", {{'<', 7, 1000}, {'<', 5, 1010}, {'>', 7, 1033}, {'>', 5, 1021}}, 2, 44, {}},
    {"the same address again, later",
     {{'<', 7, 1000}, {'>', 7, 1033}, {'<', 7, 2000}, {'>', 7, 2011}},
     2,
     44,
     {}},
    {"a second without a first", {{'>', 7, 1033}}, 0, 0, {1, 0, 0, 0, 0}},
    {"a second of another", {{'<', 5, 1000}, {'>', 7, 1033}}, 0, 0, {1, 0, 0, 1, 0}},
    {"a first twice: the newer counts",
     {{'<', 7, 1000}, {'<', 7, 1020}, {'>', 7, 1033}},
     1,
     13,
     {0, 1, 0, 0, 0}},
    {"one pair is one", {{'<', 7, 1000}, {'>', 7, 1033}, {'>', 7, 1034}}, 1, 33, {1, 0, 0, 0, 0}},
    {"the oldest of four is forgotten, as three fit",
     {{'<', 1, 1000},
      {'<', 2, 1001},
      {'<', 3, 1002},
      {'<', 4, 1003},
      {'>', 1, 1009},
      {'>', 2, 1009}},
     1,
     8,
     {1, 0, 1, 2, 0}},
    {"a first that came again is not the oldest",
     {{'<', 1, 1000},
      {'<', 2, 1001},
      {'<', 3, 1002},
      {'<', 1, 1003},
      {'<', 4, 1004},
      {'>', 1, 1010}},
     1,
     7,
     {0, 1, 1, 2, 0}},
    {"clocks that differ", {{'<', 7, 1000}, {'>', 7, 997}}, 1, 0, {}},
    {"a time of zero", {{'<', 7, 1000}, {'>', 7, 1000}}, 1, 0, {}},
};

Histogram run(EventPairs &pairs, const std::vector<Step> &steps) {
    SampleNames names;
    for (const Step &step : steps) {
        SampleRecord record;
        record.skbaddr = step.packet;
        record.len = step.len;
        record.dev = step.dev;
        const auto bytes = record.bytes();
        auto view = view_of(bytes);
        view.time_ns = step.time_ns;
        if (step.what == '<')
            pairs.from(view, names);
        else
            pairs.to(view, names);
    }
    return pairs.histogram(names);
}

PairQuery by_packet() {
    PairQuery query;
    query.from_on = query.to_on = "skbaddr";
    query.open = 3;
    return query;
}

TEST(EventPairs, Pairs) {
    for (const PairRow &row : kPairs) {
        SCOPED_TRACE(row.why);
        auto pairs = EventPairs::make(by_packet(), sample_event(), sample_event());
        ASSERT_TRUE(pairs);
        const Histogram histogram = run(*pairs, row.steps);
        uint64_t hits = 0, sum = 0;
        for (const HistEntry &entry : histogram.entries) {
            hits += entry.hits;
            sum += entry.values[0];
        }
        EXPECT_EQ(hits, row.pairs);
        EXPECT_EQ(histogram.hits, row.pairs);
        EXPECT_EQ(sum, row.sum_ns);
        EXPECT_EQ(pairs->losses(), row.losses);
    }
}

TEST(EventPairs, PowersOfTwo) {
    auto pairs = EventPairs::make(by_packet(), sample_event(), sample_event());
    ASSERT_TRUE(pairs);
    const auto histogram = run(*pairs, {{'<', 7, 1000},
                                        {'>', 7, 1033},
                                        {'<', 7, 2000},
                                        {'>', 7, 2064},
                                        {'<', 7, 3000},
                                        {'>', 7, 3065}});
    ASSERT_EQ(histogram.entries.size(), 2U);
    EXPECT_EQ(histogram.keys[0].name, "latency_ns");
    EXPECT_EQ(histogram.entries[0].keys[0], (HistKeyValue{65, 128, "", {}}));
    EXPECT_EQ(histogram.entries[1].keys[0], (HistKeyValue{33, 64, "", {}}));
    EXPECT_EQ(histogram.entries[1].hits, 2U);
    EXPECT_EQ(histogram.entries[1].values[0], 97U);
}

TEST(EventPairs, Keys) {
    PairQuery query = by_packet();
    query.from_key = *parse_hist_key("dev");
    query.to_key = *parse_hist_key("len");
    auto pairs = EventPairs::make(query, sample_event(), sample_event());
    ASSERT_TRUE(pairs);
    const auto histogram =
        run(*pairs, {{'<', 7, 1000, 100, "veth0"}, {'>', 7, 1033, 200, "veth1"}});
    ASSERT_EQ(histogram.entries.size(), 1U);
    ASSERT_EQ(histogram.entries[0].keys.size(), 3U);
    EXPECT_EQ(histogram.entries[0].keys[1].text, "veth0");
    EXPECT_EQ(histogram.entries[0].keys[2].number, 200U);
}

TEST(EventPairs, OnlyWhatIsAskedFor) {
    PairQuery query = by_packet();
    query.from_condition = "len > 100";
    query.to_condition = "dev == veth0";
    auto pairs = EventPairs::make(query, sample_event(), sample_event());
    ASSERT_TRUE(pairs);
    const auto histogram = run(*pairs, {{'<', 7, 1000, 101, "lo"},
                                        {'<', 7, 1001, 100, "lo"},
                                        {'>', 7, 1002, 0, "lo"},
                                        {'>', 7, 1033, 0, "veth0"}});
    EXPECT_EQ(histogram.hits, 1U);
    EXPECT_EQ(histogram.entries[0].values[0], 33U);
    EXPECT_EQ(pairs->losses(), PairLosses{});
}

TEST(EventPairs, CutRecords) {
    auto pairs = EventPairs::make(by_packet(), sample_event(), sample_event());
    ASSERT_TRUE(pairs);
    SampleNames names;
    const std::vector<std::byte> cut(13);
    pairs->from(view_of(cut), names);
    pairs->to(view_of(cut), names);
    EXPECT_EQ(pairs->losses().unreadable, 2U);
}

struct WrongRow {
    const char *why, *from_on, *to_on, *key, *what;
};

const WrongRow kWrong[] = {
    {"no such field in the first", "foo", "skbaddr", "len", "no field 'foo'"},
    {"no such field in the second", "skbaddr", "foo", "len", "no field 'foo'"},
    {"a text", "dev", "dev", "len", "cannot be paired by dev"},
    {"no such key", "skbaddr", "skbaddr", "foo", "no field 'foo'"},
    {"a key that is elsewhere", "skbaddr", "skbaddr", "what", "pointer to text"},
};

TEST(EventPairs, Wrong) {
    for (const WrongRow &row : kWrong) {
        SCOPED_TRACE(row.why);
        PairQuery query;
        query.from_on = row.from_on;
        query.to_on = row.to_on;
        query.to_key = *parse_hist_key(row.key);
        const auto pairs = EventPairs::make(query, sample_event(), sample_event());
        ASSERT_FALSE(pairs);
        EXPECT_EQ(pairs.error().code, Errc::usage);
        EXPECT_NE(pairs.error().what.find(row.what), std::string::npos) << pairs.error().what;
    }
}

}  // namespace
}  // namespace whydrop
