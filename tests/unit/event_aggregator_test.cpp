// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_aggregator.h"

#include <gtest/gtest.h>

#include "event_records.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {
namespace {

using Value = HistKeyValue;

HistQuery asking(const std::vector<std::string> &keys, std::vector<std::string> values = {}) {
    HistQuery query;
    for (const std::string &key : keys)
        query.keys.push_back(*parse_hist_key(key));
    query.values = std::move(values);
    return query;
}

EventAggregator made(const HistQuery &query) {
    auto aggregator = EventAggregator::make(query, sample_event());
    EXPECT_TRUE(aggregator) << aggregator.error().what;
    return std::move(*aggregator);
}

SampleNames sample_names() {
    SampleNames names;
    names.functions = {{0x1000, "trace_event_raw_event_sample"},
                       {0x2000, "kfree_skb"},
                       {0x3000, "udp_rcv"},
                       {0x4000, "ip_rcv"}};
    names.processes = {{4321, "bash"}};
    return names;
}

SampleRecord sample() {
    SampleRecord record;
    record.pid = 4321;
    record.skbaddr = 0x3042;
    record.len = 1009;
    record.delta = -13;
    record.dev = "veth0";
    record.reason = 3;
    record.comm = "sixsix";
    record.stack = {0x3001, 0x4002};
    return record;
}

struct KeyRow {
    const char *why, *key;
    Value value;
};

const KeyRow kKeys[] = {
    {"a number", "len", {1009, 0, "", {}}},
    {"below zero", "delta", {static_cast<uint64_t>(-13), 0, "-13", {}}},
    {"by its name", "reason", {3, 0, "NO_SOCKET", {}}},
    {"hexadecimal", "reason.hex", {3, 0, "", {}}},
    {"a text", "dev", {0, 0, "veth0", {}}},
    {"an array", "comm", {0, 0, "sixsix", {}}},
    {"a symbol", "skbaddr.sym", {0x3042, 0, "udp_rcv", {}}},
    {"and where in it", "skbaddr.sym-offset", {0x3042, 0, "udp_rcv+0x42/0x100", {}}},
    {"no symbol", "len.sym", {1009, 0, "0x3f1", {}}},
    {"powers of two", "len.log2", {513, 1024, "", {}}},
    {"a number below zero wraps, as in the kernel", "delta.log2", {0, 1, "", {}}},
    {"ranges", "len.buckets=100", {1000, 1099, "", {}}},
    {"a process", "common_pid.execname", {4321, 0, "bash", {}}},
    {"a system call", "reason.syscall", {3, 0, "sys_close", {}}},
    {"the CPU", "common_cpu", {3, 0, "", {}}},
    {"the time", "common_timestamp", {7500, 0, "", {}}},
    {"in microseconds, rounded", "common_timestamp.usecs", {8, 0, "", {}}},
    {"the stack behind tracing", "stacktrace", {0, 0, "", {"udp_rcv+0x7/0x100", "0x5000"}}},
    {"a stack in the record",
     "stack.stacktrace",
     {0, 0, "", {"udp_rcv+0x1/0x100", "ip_rcv+0x2/0x100"}}},
};

TEST(EventAggregator, Keys) {
    const auto bytes = sample().bytes();
    const std::vector<uint64_t> stack = {0x1007, 0x2007, 0x3007, 0x5000};
    auto view = view_of(bytes);
    view.cpu = 3;
    view.time_ns = 7500;
    view.stack = stack;
    auto names = sample_names();
    for (const KeyRow &row : kKeys) {
        SCOPED_TRACE(row.why);
        auto aggregator = made(asking({row.key}, {"len"}));
        for (int i = 0; i < 7; i++)
            aggregator.add(view, names);
        const Histogram histogram = aggregator.histogram(names);
        ASSERT_EQ(histogram.entries.size(), 1U);
        EXPECT_EQ(histogram.entries[0].keys, std::vector{row.value});
        EXPECT_EQ(histogram.entries[0].hits, 7U);
        EXPECT_EQ(histogram.entries[0].values, std::vector<uint64_t>{7063});
        EXPECT_EQ(histogram.hits, 7U);
        EXPECT_EQ(histogram.trigger, std::string("hist:keys=") + row.key + ":vals=len");
        EXPECT_EQ(aggregator.unreadable() + aggregator.without_stack(), 0U);
    }
}

struct PowerRow {
    uint64_t number, power;
};

const PowerRow kPowers[] = {{0, 0},          {1, 0},
                            {2, 1},          {3, 2},
                            {4, 2},          {5, 3},
                            {32, 5},         {33, 6},
                            {64, 6},         {65, 7},
                            {1UL << 62, 62}, {(1UL << 62) + 1, 63},
                            {1UL << 63, 63}, {(1UL << 63) + 1, 0},
                            {UINT64_MAX, 0}};

TEST(EventAggregator, Powers) {
    for (const PowerRow &row : kPowers)
        EXPECT_EQ(hist_log2(row.number), row.power) << row.number;
}

// Lengths 0 to 9, each as often as a prime says, in two devices.
EventAggregator filled(HistQuery query, SampleNames &names) {
    auto aggregator = made(query);
    const uint32_t times[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
    SampleRecord record;
    for (uint32_t len = 0; len < std::size(times); len++)
        for (uint32_t i = 0; i < times[len]; i++) {
            record.len = len;
            record.dev = i % 2 ? "a" : "b";
            record.delta = static_cast<int32_t>(len) - 5;
            aggregator.add(view_of(record.bytes()), names);
        }
    return aggregator;
}

struct OrderRow {
    const char *why;
    std::vector<std::string> keys;
    std::vector<HistSort> sort;
    uint64_t first_hits, last_hits;
};

const OrderRow kOrders[] = {
    {"fewest hits first, as in the kernel", {"len"}, {}, 2, 29},
    {"most hits first", {"len"}, {{"hitcount", true}}, 29, 2},
    {"by a number", {"len"}, {{"len", false}}, 2, 29},
    {"by a number with a sign", {"delta"}, {{"delta", false}}, 2, 29},
    {"by a text", {"dev"}, {{"dev", false}}, 60, 69},
    {"by a text, the last first", {"dev"}, {{"dev", true}}, 69, 60},
    {"by a sum", {"dev"}, {{"len", true}}, 69, 60},
    {"by two", {"dev", "len"}, {{"dev", false}, {"len", true}}, 14, 1},
};

TEST(EventAggregator, Order) {
    for (const OrderRow &row : kOrders) {
        SCOPED_TRACE(row.why);
        SampleNames names;
        auto query = asking(row.keys, {"len"});
        if (row.keys == std::vector<std::string>{"len"})
            query.values.clear();
        query.sort = row.sort;
        const auto histogram = filled(query, names).histogram(names);
        EXPECT_EQ(histogram.hits, 129U);
        EXPECT_EQ(histogram.entries.front().hits, row.first_hits);
        EXPECT_EQ(histogram.entries.back().hits, row.last_hits);
    }
}

TEST(EventAggregator, OnlyWhatIsAskedFor) {
    SampleNames names;
    auto query = asking({"dev"});
    query.condition = "len > 7 && dev == a";
    const auto histogram = filled(query, names).histogram(names);
    EXPECT_EQ(histogram.hits, 25U);
    ASSERT_EQ(histogram.entries.size(), 1U);
    EXPECT_EQ(histogram.entries[0].keys[0].text, "a");
}

struct RoomRow {
    const char *why, *key;
    uint32_t size, entries;
};

const RoomRow kRooms[] = {
    {"128 at least", "len", 1, 128},
    {"a power of two", "len", 257, 512},
    {"the usual", "len", 0, 2048},
    {"texts", "dev", 128, 128},
    {"stacks", "stack.stacktrace", 128, 128},
};

// Of 2503 that differ, and once more.
TEST(EventAggregator, NoRoom) {
    for (const RoomRow &row : kRooms) {
        SCOPED_TRACE(row.why);
        SampleNames names;
        auto query = asking({row.key});
        query.size = row.size;
        auto aggregator = made(query);
        for (uint32_t i = 0; i < 2 * 2503; i++) {
            SampleRecord record;
            record.len = i % 2503;
            record.dev = std::to_string(i % 2503);
            record.stack = {i % 2503};
            aggregator.add(view_of(record.bytes()), names);
        }
        const auto histogram = aggregator.histogram(names);
        EXPECT_EQ(histogram.entries.size(), row.entries);
        EXPECT_EQ(histogram.hits, 2 * row.entries);
        EXPECT_EQ(histogram.dropped, 2 * (2503 - row.entries));
    }
}

TEST(EventAggregator, WhatIsMissing) {
    SampleNames names;
    auto by_dev = made(asking({"dev"}, {"len"}));
    auto by_stack = made(asking({"stacktrace"}));
    EXPECT_TRUE(by_stack.wants_stacks());
    EXPECT_FALSE(by_dev.wants_stacks());
    const auto whole = sample().bytes();
    for (size_t size = 0; size < whole.size(); size++) {
        const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<long>(size));
        by_dev.add(view_of(cut), names);
        by_stack.add(view_of(cut), names);
    }
    // 72 bytes are fixed; "veth0" and its zero follow.
    EXPECT_EQ(by_dev.unreadable(), 78U);
    EXPECT_EQ(by_dev.histogram(names).hits, whole.size() - 78);
    EXPECT_EQ(by_stack.without_stack(), whole.size());
    EXPECT_EQ(by_stack.histogram(names).hits, whole.size());
}

TEST(EventAggregator, LongTexts) {
    SampleNames names;
    auto aggregator = made(asking({"dev"}));
    for (const char last : {'a', 'b'}) {
        SampleRecord record;
        record.dev = std::string(255, 'x') + last;
        aggregator.add(view_of(record.bytes()), names);
    }
    const auto histogram = aggregator.histogram(names);
    ASSERT_EQ(histogram.entries.size(), 1U);
    EXPECT_EQ(histogram.entries[0].keys[0].text, std::string(255, 'x'));
}

struct WrongRow {
    const char *why;
    HistQuery query;
    const char *what;
};

HistQuery with(HistQuery query, const std::string &condition, uint32_t size) {
    query.condition = condition;
    query.size = size;
    return query;
}

const WrongRow kWrong[] = {
    {"no key", {}, "nothing to count by"},
    {"no such key", asking({"foo"}), "no field 'foo'"},
    {"text that is elsewhere", asking({"what"}), "pointer to text"},
    {"a condition that is none", with(asking({"len"}), "len ==", 0), "a value is wanted"},
    {"too large", with(asking({"len"}), "", (1 << 17) + 1), "at most 131072"},
};

TEST(EventAggregator, Wrong) {
    for (const WrongRow &row : kWrong) {
        SCOPED_TRACE(row.why);
        const auto aggregator = EventAggregator::make(row.query, sample_event());
        ASSERT_FALSE(aggregator);
        EXPECT_EQ(aggregator.error().code, Errc::usage);
        EXPECT_NE(aggregator.error().what.find(row.what), std::string::npos)
            << aggregator.error().what;
    }
}

}  // namespace
}  // namespace whydrop
