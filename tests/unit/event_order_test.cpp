// SPDX-License-Identifier: GPL-2.0-or-later
// Which stack belongs to which event, and events of several CPUs in the order of their time.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "event_records.h"
#include "source/events/event_sorter.h"
#include "source/events/kernel_stack.h"
#include "source/events/live_names.h"
#include "source/events/stack_joiner.h"

namespace whydrop {
namespace {

const EventFormat &stack_format() {
    static const auto format = parse_event_format(
        "name: kernel_stack\nID: 4\n"
        "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
        "\tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n"
        "\tfield:unsigned long caller[8];\toffset:16;\tsize:64;\tsigned:0;\n");
    return *format;
}

std::vector<std::byte> stack_record(const std::vector<uint64_t> &addresses, uint32_t size) {
    constexpr size_t begin = 16;
    std::vector<std::byte> record(begin + addresses.size() * sizeof(uint64_t));
    std::memcpy(record.data() + 8, &size, sizeof size);
    std::memcpy(record.data() + begin, addresses.data(), addresses.size() * sizeof(uint64_t));
    return record;
}

struct StackRow {
    const char *why;
    std::vector<uint64_t> addresses;
    uint32_t size;
    std::vector<uint64_t> stack;
    bool whole;
};

const StackRow kStacks[] = {
    {"three", {1, 2, 3}, 3, {1, 2, 3}, true},
    {"more than the format declares",
     {1, 2, 3, 4, 5, 6, 7, 8, 9},
     9,
     {1, 2, 3, 4, 5, 6, 7, 8, 9},
     true},
    {"padding behind it", {1, 2, 3, 7}, 3, {1, 2, 3}, true},
    {"ended as older kernels do", {1, 2, UINT64_MAX, 7}, 4, {1, 2}, true},
    {"none", {}, 0, {}, true},
    {"cut", {1, 2}, 3, {1, 2}, false},
};

TEST(KernelStack, Records) {
    const KernelStackReader reader(stack_format());
    for (const StackRow &row : kStacks) {
        SCOPED_TRACE(row.why);
        std::vector<uint64_t> stack = {77};
        EXPECT_EQ(reader.read(stack_record(row.addresses, row.size), stack), row.whole);
        EXPECT_EQ(stack, row.stack);
    }
    std::vector<uint64_t> stack;
    EXPECT_FALSE(reader.read(std::vector<std::byte>(11), stack));
    EXPECT_FALSE(KernelStackReader(sample_event()).read(stack_record({1}, 1), stack));
}

TEST(KernelStack, OfAMachineOf32Bits) {
    EventFormat format = stack_format();
    const KernelStackReader reader(format, std::endian::native, 4);
    std::vector<uint64_t> stack;
    EXPECT_TRUE(reader.read(stack_record({0x0000000200000001}, 2), stack));
    EXPECT_EQ(stack, (std::vector<uint64_t>{1, 2}));
}

struct TrimRow {
    const char *why;
    std::vector<uint64_t> stack, trimmed;
};

const TrimRow kTrims[] = {
    {"the event's function and its caller go", {0x1001, 0x2001, 0x3001}, {0x3001}},
    {"and what is inside of them", {0x5001, 0x1001, 0x2001, 0x3001, 0x4001}, {0x3001, 0x4001}},
    {"nothing to be taken away", {0x3001, 0x4001}, {0x3001, 0x4001}},
    {"nothing left", {0x1001}, {}},
    {"no stack", {}, {}},
    {"too deep for it", {1, 2, 3, 4, 5, 6, 0x1001, 8}, {1, 2, 3, 4, 5, 6, 0x1001, 8}},
};

TEST(HistStacks, Trimmed) {
    SampleNames names;
    names.functions = {{0x1000, "trace_event_raw_event_kfree_skb"}, {0x2000, "kfree_skb"}};
    HistStacks stacks;
    for (const TrimRow &row : kTrims) {
        SCOPED_TRACE(row.why);
        const auto trimmed = stacks.trimmed(row.stack, names);
        EXPECT_EQ(std::vector(trimmed.begin(), trimmed.end()), row.trimmed);
    }
    EXPECT_EQ(stacks.trimmed(std::vector<uint64_t>(97, 7), names).size(), 31U);
}

// Events are letters, in an interrupt of the level behind them; '=' and a letter is the stack that
// was recorded for it, '|' the end of what may be joined.
std::string joined(const std::string &recorded) {
    const std::byte flags[] = {std::byte{0}, std::byte{0x10}, std::byte{0x08}, std::byte{0x40}};
    const KernelStackReader reader(stack_format());
    StackJoiner joiner;
    std::string given;
    const EachEvent each = [&given](const TraceEventView &event) {
        given += static_cast<char>(event.record[8]);
        given += event.stack.empty() ? std::string("-")
                                     : std::string(1, static_cast<char>(event.stack[0]));
        given += " ";
    };
    for (size_t i = 0; i < recorded.size(); i++) {
        if (recorded[i] == '|') {
            joiner.flush(each);
        } else if (recorded[i] == '=') {
            const auto letter = static_cast<uint64_t>(recorded[++i]);
            joiner.stack(reader, stack_record({letter}, 1), each);
        } else {
            std::vector<std::byte> record(9);
            record[8] = static_cast<std::byte>(recorded[i]);
            record[2] = flags[recorded[++i] - '0'];
            TraceEventView view;
            view.record = record;
            joiner.event(view, each);
        }
    }
    return given;
}

struct JoinRow {
    const char *why, *recorded, *given;
};

const JoinRow kJoins[] = {
    {"its stack follows", "a0=a", "aa "},
    {"one after the other", "a0=ab0=b", "aa bb "},
    {"an interrupt between, with its own", "a0b2=b=a", "bb aa "},
    {"interrupts in interrupts", "a0b1c2d3=d=c=b=a", "dd cc bb aa "},
    {"two interrupts between", "a0b2=bc2=c=a", "bb cc aa "},
    {"no stack came", "a0b0=b", "a- bb "},
    {"none for the interrupt", "a0b2c0=c", "a- b- cc "},
    {"a softirq after an interrupt", "a0b2c1=c=a", "b- cc aa "},
    {"a stack whose event was lost", "=xa0=a", "aa "},
    {"what waits at the end", "a0b2|", "a- b- "},
    {"nothing is joined beyond the end", "a0|=ab0=b", "a- bb "},
    {"what waits is not given away", "a0", ""},
};

TEST(StackJoiner, Joined) {
    for (const JoinRow &row : kJoins) {
        SCOPED_TRACE(row.why);
        EXPECT_EQ(joined(row.recorded), row.given);
    }
}

TEST(EventSorter, ByTime) {
    EventSorter sorter;
    std::string given;
    const EachEvent each = [&given](const TraceEventView &event) {
        given += static_cast<char>(event.record[0]);
        given += std::to_string(event.stack.size());
    };
    const auto add = [&sorter](char name, uint64_t time_ns, int cpu, size_t depth) {
        const std::vector<std::byte> record{static_cast<std::byte>(name)};
        const std::vector<uint64_t> stack(depth, 7);
        sorter.add({nullptr, record, time_ns, cpu, stack});
    };
    add('a', 10, 0, 1);
    add('c', 30, 0, 0);
    add('e', 50, 0, 3);
    add('b', 20, 1, 2);
    add('d', 30, 1, 0);
    sorter.give(30, each);
    EXPECT_EQ(given, "a1b2");
    add('f', 40, 1, 5);
    sorter.give(40, each);
    EXPECT_EQ(given, "a1b2c0d0") << "of the same time, the order they came in";
    sorter.give(UINT64_MAX, each);
    EXPECT_EQ(given, "a1b2c0d0f5e3");
    sorter.give(UINT64_MAX, each);
    EXPECT_EQ(given.size(), 12U);
}

struct SavedRow {
    const char *why, *text;
    int32_t pid;
    const char *name;
};

const SavedRow kSaved[] = {
    {"the first", "12 kworker/u8:0\n4321 my shell\n", 12, "kworker/u8:0"},
    {"with a space in it", "12 kworker/u8:0\n4321 my shell\n", 4321, "my shell"},
    {"only the end of a number", "4321 bash\n", 21, ""},
    {"only the beginning", "4321 bash\n", 43, ""},
    {"nobody", "", 1, ""},
};

TEST(LiveNames, SavedNames) {
    for (const SavedRow &row : kSaved) {
        SCOPED_TRACE(row.why);
        EXPECT_EQ(saved_name(row.text, row.pid), row.name);
    }
    LiveNames names(TraceDir("/nowhere"));
    EXPECT_EQ(names.process(0), "<idle>");
    EXPECT_EQ(names.process(INT32_MAX), "");
    EXPECT_FALSE(names.process(getpid()).empty());
}

}  // namespace
}  // namespace whydrop
