// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/latency_triggers.h"

#include <gtest/gtest.h>

#include "event_records.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {
namespace {

struct TextRow {
    const char *why;
    const char *from_key, *to_key, *from_condition, *to_condition;
    uint32_t size;
    const char *fields, *from, *to, *count;
};

#define TABLE ":size=131072:clock=mono"

const TextRow kTexts[] = {
    {"the time alone", "", "", "", "", 0, "u64 latency_ns",
     "hist:keys=skbaddr:ts0=common_timestamp" TABLE,
     "hist:keys=skbaddr:lat0=common_timestamp-$ts0:onmatch(net.first).whydrop_1($lat0)" TABLE,
     "hist:keys=latency_ns.log2:vals=latency_ns"},
    {"by a key of the first", "len.log2", "", "", "", 256, "u64 latency_ns; unsigned int len",
     "hist:keys=skbaddr:ts0=common_timestamp,key0=len" TABLE,
     "hist:keys=skbaddr:lat0=common_timestamp-$ts0,key1=$key0:onmatch(net.first).whydrop_1($lat0,"
     "$key1)" TABLE,
     "hist:keys=latency_ns.log2,len.log2:vals=latency_ns:size=256"},
    {"by one of each", "len", "delta", "", "", 0, "u64 latency_ns; unsigned int len; int delta",
     "hist:keys=skbaddr:ts0=common_timestamp,key0=len" TABLE,
     "hist:keys=skbaddr:lat0=common_timestamp-$ts0,key1=$key0:onmatch(net.first).whydrop_1($lat0,"
     "$key1,delta)" TABLE,
     "hist:keys=latency_ns.log2,len,delta:vals=latency_ns"},
    {"with conditions", "", "", "dev == lo", "len > 7", 0, "u64 latency_ns",
     "hist:keys=skbaddr:ts0=common_timestamp" TABLE " if dev == \"lo\"",
     "hist:keys=skbaddr:lat0=common_timestamp-$ts0:onmatch(net.first).whydrop_1($lat0)" TABLE
     " if len > 7",
     "hist:keys=latency_ns.log2:vals=latency_ns"},
};

PairAsk asking(const std::string &from_key, const std::string &to_key) {
    PairAsk ask;
    ask.from = {"net", "first"};
    ask.to = {"net", "second"};
    ask.query.from_on = ask.query.to_on = "skbaddr";
    if (!from_key.empty())
        ask.query.from_key = *parse_hist_key(from_key);
    if (!to_key.empty())
        ask.query.to_key = *parse_hist_key(to_key);
    return ask;
}

TEST(LatencyTriggers, Texts) {
    for (const TextRow &row : kTexts) {
        SCOPED_TRACE(row.why);
        PairAsk ask = asking(row.from_key, row.to_key);
        ask.query.from_condition = row.from_condition;
        ask.query.to_condition = row.to_condition;
        ask.query.size = row.size;
        const auto texts = latency_triggers(ask, sample_event(), sample_event(), "whydrop_1");
        ASSERT_TRUE(texts) << texts.error().what;
        EXPECT_EQ(texts->fields, row.fields);
        EXPECT_EQ(texts->from, row.from);
        EXPECT_EQ(texts->to, row.to);
        EXPECT_EQ(texts->count, row.count);
    }
}

struct NotRow {
    const char *why, *from_key, *to_key;
};

const NotRow kNot[] = {
    {"a text", "dev", ""},
    {"a stack", "stacktrace", ""},
    {"a process", "common_pid.execname", ""},
    {"a number of every event", "", "common_pid"},
    {"a type that is not the kernel's own", "skbaddr.hex", ""},
    {"a number with names, which would be lost", "reason", ""},
    {"a symbol", "len.sym", ""},
    {"the same name twice", "len", "len"},
};

TEST(LatencyTriggers, WhatTheKernelCannotHandOver) {
    for (const NotRow &row : kNot) {
        SCOPED_TRACE(row.why);
        const auto texts =
            latency_triggers(asking(row.from_key, row.to_key), sample_event(), sample_event(), "x");
        ASSERT_FALSE(texts);
        EXPECT_EQ(texts.error().code, Errc::unsupported);
    }
    PairAsk same = asking("", "");
    same.to = same.from;
    EXPECT_FALSE(latency_triggers(same, sample_event(), sample_event(), "x"));
}

}  // namespace
}  // namespace whydrop
