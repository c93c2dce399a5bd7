// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/hist_text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "source/tracefs/event_format.h"

namespace whydrop {
namespace {

using Value = HistKeyValue;

std::string padded(std::string text, size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string hist(const std::string &trigger, const std::string &entries) {
    return "# event histogram\n#\n# trigger info: hist:" + trigger + "\n#\n\n" + entries +
           "\nTotals:\n    Hits: 1009\n    Entries: 1\n    Dropped: 13\n";
}

struct KeyRow {
    const char *why, *keys;
    std::string written;
    std::vector<Value> values;
};

const KeyRow kKeys[] = {
    {"a number", "len", "len:         17 ", {{17, 0, "", {}}}},
    {"a CPU, asked for by its old name", "common_cpu", "cpu:          1 ", {{1, 0, "", {}}}},
    {"hexadecimal", "skbaddr.hex", "skbaddr: ffff88800a ", {{0xffff88800a, 0, "", {}}}},
    {"a symbol",
     "loc.sym",
     padded("loc: [ffffffff81000100] ip_rcv_core", 60) + " ",
     {{0xffffffff81000100, 0, "ip_rcv_core", {}}}},
    {"of a module",
     "loc.sym-offset",
     padded("loc: [c0] a.isra.0+0x1/0x2 [m]", 70) + " ",
     {{0xc0, 0, "a.isra.0+0x1/0x2 [m]", {}}}},
    {"a process",
     "common_pid.execname",
     "common_pid: a [1] } b       [      4321] ",
     {{4321, 0, "a [1] } b", {}}}},
    {"a system call",
     "id.syscall",
     "id: " + padded("sys_openat", 30) + "[257] ",
     {{257, 0, "sys_openat", {}}}},
    {"powers of two", "len.log2", "len: ~ 2^6  ", {{33, 64, "", {}}}},
    {"the first power", "len.log2", "len: ~ 2^0  ", {{0, 1, "", {}}}},
    {"the last power", "len.log2", "len: ~ 2^64 ", {{(1UL << 63) + 1, UINT64_MAX, "", {}}}},
    {"ranges", "len.buckets=100", "len: ~ 100-199 ", {{100, 199, "", {}}}},
    {"a string", "comm", "comm: " + padded("bash", 50) + " ", {{0, 0, "bash", {}}}},
    {"a string of digits", "comm", "comm: " + padded("123", 50) + " ", {{0, 0, "123", {}}}},
    {"a string like an entry's end",
     "comm",
     "comm: " + padded("a } hitcount: 3\nb", 50) + " ",
     {{0, 0, "a } hitcount: 3\nb", {}}}},
    {"a string longer than its column",
     "f",
     "f: " + padded("/" + std::string(60, 'x'), 50) + " ",
     {{0, 0, "/" + std::string(60, 'x'), {}}}},
    {"a string that is empty", "comm", "comm: " + padded("", 50) + " ", {{0, 0, "", {}}}},
    {"three keys",
     "dev,proto,len.log2",
     "dev: " + padded("a, proto: 3", 50) + ", proto:       2048, len: ~ 2^1  ",
     {{0, 0, "a, proto: 3", {}}, {2048, 0, "", {}}, {2, 2, "", {}}}},
    {"a stack as 6.1 has it",
     "stacktrace",
     "stacktrace:\n         kfree_skb+0x1/0x20\n         nf_hook [nf_tables]\n",
     {{0, 0, "", {"kfree_skb+0x1/0x20", "nf_hook [nf_tables]"}}}},
    {"a stack and more",
     "common_stacktrace,common_pid",
     "common_stacktrace:\n         a+0x1/0x2\n, common_pid:          7",
     {{0, 0, "", {"a+0x1/0x2"}}, {7, 0, "", {}}}},
    {"a stack behind a number",
     "len,stacktrace",
     "len:          7, stacktrace:\n         a+0x1/0x2\n",
     {{7, 0, "", {}}, {0, 0, "", {"a+0x1/0x2"}}}},
    {"a field's stack",
     "stack.stacktrace",
     "stack.stacktrace:\n         a+0x1/0x2\n",
     {{0, 0, "", {"a+0x1/0x2"}}}},
    {"an empty stack", "stacktrace", "stacktrace:\n", {{0, 0, "", {}}}},
};

TEST(HistText, Keys) {
    for (const KeyRow &row : kKeys) {
        SCOPED_TRACE(row.why);
        const auto parsed = parse_hist(
            hist(std::string("keys=") + row.keys +
                     ":vals=hitcount,bytes:sort=hitcount:size=2048 if a == \"keys=b\" "
                     "[paused]",
                 "{ " + row.written + "} hitcount:       1009       bytes:      65537\n"));
        ASSERT_TRUE(parsed) << parsed.error().what;
        ASSERT_EQ(parsed->size(), 1U);
        const Histogram &histogram = parsed->front();
        EXPECT_TRUE(histogram.paused);
        EXPECT_EQ(histogram.hits, 1009U);
        EXPECT_EQ(histogram.dropped, 13U);
        EXPECT_EQ(histogram.values, std::vector<std::string>{"bytes"});
        ASSERT_EQ(histogram.entries.size(), 1U);
        EXPECT_EQ(histogram.entries[0].keys, row.values);
        EXPECT_EQ(histogram.entries[0].hits, 1009U);
        EXPECT_EQ(histogram.entries[0].values, std::vector<uint64_t>{65537});
    }
}

TEST(HistText, WhatIsInTheFile) {
    const std::string one = hist("keys=a:vals=hitcount,b.hex:sort=hitcount:size=2048 [active]",
                                 "{ a:          1 } hitcount:          3  b:         ff\n"
                                 "{ a:          2 } hitcount:          5  b:          1\n");
    const std::string two = hist("keys=c:vals=:sort=c:size=2048:nohitcount [active]", "");
    const auto both = parse_hist(one + "\n\n" + two);
    ASSERT_TRUE(both) << both.error().what;
    ASSERT_EQ(both->size(), 2U);
    EXPECT_FALSE((*both)[0].paused);
    EXPECT_EQ((*both)[0].entries.size(), 2U);
    EXPECT_EQ((*both)[0].entries[0].values[0], 255U);
    EXPECT_EQ((*both)[0].entries[1].hits, 5U);
    EXPECT_TRUE((*both)[1].entries.empty());
    const auto none = parse_hist("");
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->empty());
}

struct BrokenRow {
    const char *why, *trigger, *entries, *what;
};

const BrokenRow kBroken[] = {
    {"no keys", "vals=hitcount [active]", "", "no keys"},
    {"a modifier of another world", "keys=a.foo:vals=hitcount [active]", "",
     "cannot read the trigger"},
    {"another key", "keys=a:vals=hitcount [active]", "{ b:          1 } hitcount:          3\n",
     "{ b:"},
    {"no number", "keys=a.log2:vals=hitcount [active]", "{ a: 2^1 } hitcount:          3\n",
     "{ a:"},
    {"no hits", "keys=a:vals=hitcount [active]", "{ a:          1 }\n", "{ a:"},
    {"cut", "keys=a:vals=hitcount [active]", "{ a:          1", "{ a:"},
    {"too large a number", "keys=a:vals=hitcount [active]",
     "{ a: 99999999999999999999 } hitcount:          3\n", "{ a:"},
};

TEST(HistText, WhatCannotBeRead) {
    for (const BrokenRow &row : kBroken) {
        SCOPED_TRACE(row.why);
        const auto parsed = parse_hist(hist(row.trigger, row.entries));
        ASSERT_FALSE(parsed);
        EXPECT_EQ(parsed.error().code, Errc::failed);
        EXPECT_NE(parsed.error().what.find(row.what), std::string::npos) << parsed.error().what;
    }
}

TEST(HistText, NamesAndSigns) {
    EventFormat format;
    EventField reason, delta, bits;
    reason.name = "reason";
    reason.names = {{2, "NOT_SPECIFIED"}, {3, "NO_SOCKET"}};
    delta.name = "delta";
    delta.is_signed = true;
    bits.name = "bits";
    bits.names = {{2, "B"}};
    bits.is_flags = true;
    format.fields = {reason, delta, bits};
    auto parsed = parse_hist(
        hist("keys=reason,delta,bits:vals=hitcount:size=2048 [active]",
             "{ reason:          3, delta: 18446744073709551609, bits:          2 } hitcount: 3\n"
             "{ reason:         77, delta:          7, bits:          3 } hitcount: 5\n"));
    ASSERT_TRUE(parsed) << parsed.error().what;
    Histogram &histogram = parsed->front();
    name_values(histogram, format);
    const char *const names[2][3] = {{"NO_SOCKET", "-7", ""}, {"", "7", ""}};
    for (size_t row = 0; row < 2; row++)
        for (size_t column = 0; column < 3; column++)
            EXPECT_EQ(histogram.entries[row].keys[column].text, names[row][column]);
}

// What real kernels wrote (tests/fixtures/hist/collect).
std::string fixture(const std::string &name) {
    std::ostringstream text;
    text << std::ifstream(WHYDROP_FIXTURES "/hist/" + name).rdbuf();
    return text.str();
}

std::string number_behind(const std::string &text, const std::string &word) {
    const size_t begin = text.find(word) + word.size();
    return text.substr(begin, text.find('\n', begin) - begin);
}

class HistOfKernel : public ::testing::TestWithParam<const char *> {};

TEST_P(HistOfKernel, EveryHitIsInAnEntry) {
    size_t files = 0;
    for (const auto &file :
         std::filesystem::directory_iterator(WHYDROP_FIXTURES "/hist/" + std::string(GetParam()))) {
        if (file.path().extension() != ".hist")
            continue;
        files++;
        SCOPED_TRACE(file.path().string());
        const std::string text =
            fixture(std::string(GetParam()) + "/" + file.path().filename().string());
        const auto parsed = parse_hist(text);
        ASSERT_TRUE(parsed) << parsed.error().what;
        ASSERT_EQ(parsed->size(), 1U);
        uint64_t hits = 0;
        for (const HistEntry &entry : parsed->front().entries)
            hits += entry.hits;
        EXPECT_EQ(std::to_string(parsed->front().entries.size()),
                  number_behind(text, "\n    Entries: "));
        EXPECT_EQ(std::to_string(hits), number_behind(text, "\n    Hits: "));
        EXPECT_EQ(parsed->front().hits, hits);
        EXPECT_EQ(parsed->front().paused, file.path().stem() == "paused");
    }
    EXPECT_GE(files, 15U);
}

// Five datagrams to a port where nobody listens.
TEST_P(HistOfKernel, WhyAndWhere) {
    const std::string kernel = GetParam();
    const auto format = parse_event_format(fixture(kernel + "/kfree_skb.format"));
    ASSERT_TRUE(format);
    auto parsed = parse_hist(fixture(kernel + "/location.hist"));
    ASSERT_TRUE(parsed);
    name_values(parsed->front(), *format);
    const std::string where = kernel == "7.2" ? "udp_rcv+0x" : "__udp4_lib_rcv+0x";
    size_t found = 0;
    for (const HistEntry &entry : parsed->front().entries)
        if (entry.keys[0].text.starts_with(where)) {
            found++;
            EXPECT_EQ(entry.hits, 5U);
            EXPECT_EQ(entry.keys[1].text, "NO_SOCKET");
        }
    EXPECT_EQ(found, 1U);
}

TEST_P(HistOfKernel, Stacks) {
    auto parsed = parse_hist(fixture(std::string(GetParam()) + "/stackpid.hist"));
    ASSERT_TRUE(parsed);
    size_t datagrams = 0;
    for (const HistEntry &entry : parsed->front().entries) {
        ASSERT_GT(entry.keys[0].stack.size(), 3U);
        if (entry.keys[0].stack[0].find("udp") == std::string::npos)
            continue;
        datagrams++;
        EXPECT_EQ(entry.hits, 5U);
        EXPECT_EQ(entry.keys[1].text, "bash");
    }
    EXPECT_EQ(datagrams, 1U);
}

INSTANTIATE_TEST_SUITE_P(Debian, HistOfKernel, ::testing::Values("6.1", "6.12", "7.2"));

}  // namespace
}  // namespace whydrop
