// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_condition.h"

#include <gtest/gtest.h>

#include "event_records.h"

namespace whydrop {
namespace {

struct TruthRow {
    const char *why, *condition;
    bool holds;
};

// Of the record in holds().
const TruthRow kTruths[] = {
    {"nothing is asked", "", true},
    {"equal", "len == 1009", true},
    {"hexadecimal", "len == 0x3f1", true},
    {"octal, as the kernel reads it", "len == 01761", true},
    {"not equal", "len != 1009", false},
    {"above", "len > 1008", true},
    {"not above itself", "len > 1009", false},
    {"at least", "len >= 1009", true},
    {"below", "len < 1010", true},
    {"at most", "len <= 1008", false},
    {"a bit of it", "len & 0x10", true},
    {"no bit of it", "len & 0x0e", false},
    {"below zero", "delta < 0", true},
    {"a number below zero", "delta == -13", true},
    {"as many bits as the field has", "delta == 0xfffffff3", true},
    {"order with a sign", "delta > -14 && delta < -12", true},
    {"a text", "dev == veth0", true},
    {"another text", "dev == veth1", false},
    {"not a text", "dev != veth1", true},
    {"a pattern", "dev ~ veth*", true},
    {"a pattern of the whole", "dev ~ eth*", false},
    {"a pattern in the middle", "dev ~ *et?0", true},
    {"an array", "comm == sixsix", true},
    {"a name of print fmt", "reason == NO_SOCKET", true},
    {"the process, in the file", "COMM == bash", true},
    {"the process's number", "common_pid == 4321", true},
    {"the CPU", "cpu == 3", true},
    {"another CPU", "CPU != 3", false},
    {"both", "len == 1009 && dev == veth0", true},
    {"one of both", "len == 1009 && dev == lo", false},
    {"either", "len == 7 || dev == veth0", true},
    {"and before or", "len == 1009 || len == 7 && dev == lo", true},
    {"brackets", "(len == 1009 || len == 7) && dev == lo", false},
    {"not", "!(dev == lo)", true},
    {"not not", "!!(dev == lo)", false},
    {"not of one of two", "!(dev == lo) && len == 1009", true},
};

std::optional<bool> holds(const std::string &condition, size_t cut = 0) {
    SampleRecord record;
    record.pid = 4321;
    record.len = 1009;
    record.delta = -13;
    record.dev = "veth0";
    record.reason = 3;
    record.comm = "sixsix";
    auto bytes = record.bytes();
    bytes.resize(bytes.size() - cut);
    auto view = view_of(bytes);
    view.cpu = 3;
    SampleNames names;
    names.processes[4321] = "bash";
    const auto made = EventCondition::make(condition, sample_event());
    EXPECT_TRUE(made) << made.error().what;
    return made ? made->matches(view, names) : std::nullopt;
}

TEST(EventCondition, Truths) {
    for (const TruthRow &row : kTruths) {
        SCOPED_TRACE(row.why);
        EXPECT_EQ(holds(row.condition), row.holds) << row.condition;
    }
}

TEST(EventCondition, WhatIsNotInTheRecord) {
    constexpr size_t without_dev = 10;
    EXPECT_EQ(holds("dev == veth0", without_dev), std::nullopt);
    EXPECT_EQ(holds("!(dev == veth0)", without_dev), std::nullopt);
    EXPECT_EQ(holds("dev == veth0 && len == 7", without_dev), false) << "the other decides";
    EXPECT_EQ(holds("dev == veth0 || len == 1009", without_dev), true) << "the other decides";
    EXPECT_EQ(holds("dev == veth0 || len == 7", without_dev), std::nullopt);
}

struct WrongRow {
    const char *why, *condition, *what;
};

const WrongRow kWrong[] = {
    {"no such field", "foo == 1", "no field 'foo'"},
    {"a word that is no number", "len == lo", "is no number"},
    {"a function, which the kernel knows", "skbaddr == udp_rcv", "is no number"},
    {"below zero without a sign", "len == -1", "is no number"},
    {"a pattern of numbers", "len ~ 1*", "is no number"},
    {"an order of texts", "dev < lo", "is a text"},
    {"an address of 16 bytes", "saddr == 1", "no number and no text"},
    {"text that is elsewhere", "what == x", "pointer to text"},
    {"digits and more", "len == 10x", "is no number"},
};

TEST(EventCondition, Wrong) {
    for (const WrongRow &row : kWrong) {
        SCOPED_TRACE(row.why);
        const auto made = EventCondition::make(row.condition, sample_event());
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().code, Errc::usage);
        EXPECT_NE(made.error().what.find(row.what), std::string::npos) << made.error().what;
    }
    EXPECT_FALSE(EventCondition::make(std::string(1000, '!') + "(len == 1)", sample_event()));
}

}  // namespace
}  // namespace whydrop
