// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/hist_trigger.h"

#include <gtest/gtest.h>

#include "source/tracefs/hist_key.h"

namespace whydrop {
namespace {

using Kind = EventField::Kind;

EventField field(const std::string &name, Kind kind, uint32_t size) {
    EventField made;
    made.name = name;
    made.kind = kind;
    made.size = size;
    return made;
}

EventFormat sample_format() {
    EventFormat format;
    format.name = "kfree_skb";
    format.fields = {field("common_pid", Kind::number, 4), field("skbaddr", Kind::number, 8),
                     field("reason", Kind::number, 4),     field("len", Kind::number, 4),
                     field("dev", Kind::text, 4),          field("saddr_v6", Kind::bytes, 16),
                     field("stack", Kind::bytes, 4)};
    format.fields[2].names = {{2, "NOT_SPECIFIED"}, {3, "NO_SOCKET"}};
    format.fields.back().is_dynamic = true;
    return format;
}

struct TriggerRow {
    const char *why;
    std::vector<std::string> keys;
    HistQuery query;  // without its keys
    const char *trigger;
    const char *what = "", *hint = "";
};

const HistQuery kPlain;

HistQuery summing(std::vector<std::string> values, std::vector<HistSort> sort = {}) {
    HistQuery query;
    query.values = std::move(values);
    query.sort = std::move(sort);
    return query;
}

HistQuery with_the_rest() {
    HistQuery query;
    query.size = 4096;
    query.paused = true;
    query.condition = "len>7";
    return query;
}

const TriggerRow kTriggers[] = {
    {"one key", {"reason"}, kPlain, "hist:keys=reason"},
    {"the recipe", {"skbaddr.hex"}, summing({"len"}), "hist:keys=skbaddr.hex:vals=len"},
    {"three keys, two values",
     {"dev", "len.log2", "common_pid.execname"},
     summing({"len", "reason"}),
     "hist:keys=dev,len.log2,common_pid.execname:vals=len,reason"},
    {"ranges", {"len.buckets=100"}, kPlain, "hist:keys=len.buckets=100"},
    {"symbols",
     {"skbaddr.sym", "skbaddr.sym-offset"},
     kPlain,
     "hist:keys=skbaddr.sym,skbaddr.sym-offset"},
    {"stacks", {"stacktrace"}, kPlain, "hist:keys=stacktrace"},
    {"stacks by the name that older kernels refuse",
     {"common_stacktrace"},
     kPlain,
     "hist:keys=stacktrace"},
    {"stacks of a field", {"stack.stacktrace"}, kPlain, "hist:keys=stack.stacktrace"},
    {"what is in no format",
     {"common_cpu", "common_timestamp.usecs"},
     kPlain,
     "hist:keys=common_cpu,common_timestamp.usecs"},
    {"sorted",
     {"dev"},
     summing({"len"}, {{"len", true}, {"dev", false}}),
     "hist:keys=dev:vals=len:sort=len.descending,dev"},
    {"size, pause and condition",
     {"dev"},
     with_the_rest(),
     "hist:keys=dev:size=4096:pause if len > 7"},
    {"no key", {}, kPlain, "", "nothing to count by", "skbaddr, reason, len"},
    {"no such key", {"foo"}, kPlain, "", "no field 'foo'", "it has skbaddr, reason, len, dev"},
    {"no such value", {"dev"}, summing({"bar"}), "", "no field 'bar'", "skbaddr"},
    {"a value that is text", {"len"}, summing({"dev"}), "", "dev cannot be summed"},
    {"sorted by what is not counted",
     {"dev"},
     summing({}, {{"len", true}}),
     "",
     "cannot sort by 'len'",
     "hitcount, dev"},
    {"another's .execname", {"len.execname"}, kPlain, "", "only common_pid"},
    {"another's .usecs", {"len.usecs"}, kPlain, "", "only common_timestamp"},
    {"powers of a text", {"dev.log2"}, kPlain, "", "dev.log2: the field is no number"},
    {"a stack that is none", {"dev.stacktrace"}, kPlain, "", "holds no stack"},
    {"an address of 16 bytes", {"saddr_v6"}, kPlain, "", "16 bytes"},
};

TEST(HistTrigger, OfAQuery) {
    const EventFormat format = sample_format();
    for (const TriggerRow &row : kTriggers) {
        SCOPED_TRACE(row.why);
        HistQuery query = row.query;
        for (const std::string &key : row.keys) {
            auto parsed = parse_hist_key(key);
            ASSERT_TRUE(parsed);
            EXPECT_EQ(to_text(*parsed), key);
            query.keys.push_back(*parsed);
        }
        const auto trigger = hist_trigger(query, format);
        EXPECT_EQ(trigger ? *trigger : "", row.trigger);
        if (trigger)
            continue;
        EXPECT_EQ(trigger.error().code, Errc::usage);
        EXPECT_NE(trigger.error().what.find(row.what), std::string::npos) << trigger.error().what;
        EXPECT_NE(trigger.error().hint.find(row.hint), std::string::npos) << trigger.error().hint;
    }
}

TEST(HistTrigger, KeysThatAreNone) {
    for (const char *text : {"", ".hex", "len.", "len.hexx", "len.buckets",
                             "len.buckets=", "len.buckets=0", "len.buckets=1x", "len.hex.log2"}) {
        const auto key = parse_hist_key(text);
        ASSERT_FALSE(key) << text;
        EXPECT_EQ(key.error().code, Errc::usage);
    }
}

struct ConditionRow {
    const char *why, *condition, *written;
    const char *what = "";
};

const ConditionRow kConditions[] = {
    {"a number", "len > 100", "len > 100"},
    {"without spaces", "len>=0x40", "len >= 0x40"},
    {"a text gets its quotes", "dev==eth0", "dev == \"eth0\""},
    {"a pattern too", "dev ~ veth*", "dev ~ \"veth*\""},
    {"a text that has them", "dev==\"eth0\"", "dev == \"eth0\""},
    {"a path", "dev != /usr/bin/x", "dev != \"/usr/bin/x\""},
    {"a text with a quote in it", "dev == a\"b", "dev == 'a\"b'"},
    {"a text with spaces", "dev=='a b' && len<3", "dev == 'a b' && len < 3"},
    {"a value by its name", "reason==NO_SOCKET", "reason == 3"},
    {"a value by its name, in quotes", "reason==\"NO_SOCKET\"", "reason == 3"},
    {"a number in quotes stays in them", "len==\"a b\"", "len == \"a b\""},
    {"and, or, brackets", "(len>1||len<0)&&!(dev==lo)", "(len > 1 || len < 0) && !(dev == \"lo\")"},
    {"bits", "len & 3", "len & 3"},
    {"of any event", "comm==bash && common_pid!=7 && cpu==1",
     "comm == \"bash\" && common_pid != 7 && cpu == 1"},
    {"no such field", "foo==1", "", "there is no field 'foo'\n  foo==1\n  ^"},
    {"no field", "==1", "", "a field's name is wanted here"},
    {"no operator", "len 3", "", "is wanted here\n  len 3\n      ^"},
    {"no value", "len ==", "", "a value is wanted here"},
    {"nothing behind and", "len==1 &&", "", "a comparison is wanted here"},
    {"one ampersand between", "len==1 & dev==lo", "", "'&&' or '||' is wanted here"},
    {"a bracket is missing", "(len==1", "", "a ')' is missing"},
    {"a bracket too many", "len==1)", "", "'&&' or '||' is wanted here"},
    {"a quote is missing", "dev==\"eth0", "", "this quote does not end"},
    {"both quotes", "dev==a\"b'c", "", "both quotes"},
    {"nothing", " ", "", "a comparison is wanted here"},
};

TEST(HistTrigger, Conditions) {
    const EventFormat format = sample_format();
    for (const ConditionRow &row : kConditions) {
        SCOPED_TRACE(row.why);
        const auto written = hist_condition(row.condition, format);
        EXPECT_EQ(written ? *written : "", row.written);
        if (written)
            continue;
        EXPECT_NE(written.error().what.find(row.what), std::string::npos) << written.error().what;
    }
}

}  // namespace
}  // namespace whydrop
