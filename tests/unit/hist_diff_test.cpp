// SPDX-License-Identifier: GPL-2.0-or-later
// A histogram written as JSON lines, read back, and compared with another.
#include "engine/hist_diff.h"

#include <gtest/gtest.h>

#include "codec/document_json.h"
#include "codec/hist_json.h"
#include "codec/json.h"
#include "engine/hist_section.h"
#include "render/document.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {
namespace {

struct Made {
    std::vector<std::string> keys;
    std::vector<HistEntry> entries;
    std::vector<std::string> values;
    double seconds = 1;
    std::string kernel = "6.1";
    std::string event = "netif_receive_skb";
};

// As `whydrop hist -f json` writes it, in two tables: one on the way, and the last.
std::string lines_of(const Made &made) {
    HistReport report;
    report.event = "net:" + made.event;
    for (const std::string &key : made.keys)
        report.histogram.keys.push_back(*parse_hist_key(key));
    report.histogram.values = made.values;
    report.histogram.entries = made.entries;
    for (const HistEntry &entry : made.entries)
        report.histogram.hits += entry.hits;
    report.view.seconds = made.seconds;
    Session session;
    session.kernel = made.kernel;
    std::string text = to_json(session) + "\n";
    for (const bool final : {false, true}) {
        report.final = final;
        for (const Section &section :
             {hist_summary(report), hist_section(report.histogram, report.view)})
            for (const std::string &line : to_json_lines(section))
                text += line + "\n";
    }
    return text + losses_to_json({}) + "\n";
}

RecordedHist recorded(const Made &made) {
    auto hist = read_hist_lines(lines_of(made));
    EXPECT_TRUE(hist) << hist.error().what;
    return hist ? *hist : RecordedHist{};
}

struct KeyRow {
    const char *why;
    const char *key;
    HistKeyValue value;
    std::vector<std::string> text;
};

const KeyRow kKeys[] = {
    {"a number", "len", {17, 0, "", {}}, {"17"}},
    {"its name", "reason", {3, 0, "NO_SOCKET", {}}, {"NO_SOCKET"}},
    {"an address", "skbaddr.hex", {0xffff88, 0, "", {}}, {"0xffff88"}},
    {"a symbol", "location.sym", {0xc0, 0, "udp_rcv", {}}, {"udp_rcv"}},
    {"a process", "common_pid.execname", {17, 0, "bash", {}}, {"bash 17"}},
    {"a range", "len.log2", {33, 64, "", {}}, {"33-64"}},
    {"a range of some width", "len.buckets=7", {7, 13, "", {}}, {"7-13"}},
    {"a stack", "stacktrace", {0, 0, "", {"a+0x1/0x2", "b+0x1/0x2"}}, {"a+0x1/0x2", "b+0x1/0x2"}},
    {"an empty stack", "stacktrace", {}, {}},
};

TEST(HistLines, KeysComeBackAsTablesShowThem) {
    for (const KeyRow &row : kKeys) {
        SCOPED_TRACE(row.why);
        const auto hist = recorded(
            {{row.key, "cpu"}, {{{row.value, {1, 0, "", {}}}, 7, {0x1f, 5}}}, {"skb.hex", "len"}});
        EXPECT_EQ(hist.keys, (std::vector<std::string>{row.key, "cpu"}));
        ASSERT_EQ(hist.entries.size(), 1U);
        EXPECT_EQ(hist.entries[0].keys[0], row.text);
        EXPECT_EQ(hist.entries[0].keys[1], std::vector<std::string>{"1"});
        EXPECT_EQ(hist.entries[0].hits, 7U);
        EXPECT_EQ(hist.entries[0].sums, (std::vector<uint64_t>{0x1f, 5}));
        EXPECT_TRUE(hist.final);
        EXPECT_EQ(hist.hits, 7U);
        EXPECT_EQ(hist.session.kernel, "6.1");
    }
}

struct WrongRow {
    const char *why;
    const char *text;
    const char *says;
};

const WrongRow kWrong[] = {
    {"nothing", "", "no histogram in it"},
    {"a session alone", R"({"type":"losses","schema":1,"losses":[]})", "no histogram in it"},
    {"a text", "HITS  LEN\n", "line 1 is none"},
    {"an entry of no table", R"({"type":"hist_entry","schema":1,"hits":1})", "line 1 is none"},
    {"a table of no event", R"({"type":"hist","schema":1,"keys":["a"],"values":[],"hits":1})",
     "line 1 is none"},
    {"an entry without its key",
     "{\"type\":\"hist\",\"event\":\"a:b\",\"keys\":[\"len\"],\"values\":[],\"hits\":1}\n"
     "{\"type\":\"hist_entry\",\"hits\":1}\n",
     "line 2 is none"},
    {"a sum that is none",
     "{\"type\":\"hist\",\"event\":\"a:b\",\"keys\":[\"len\"],\"values\":[\"x\"],\"hits\":1}\n"
     "{\"type\":\"hist_entry\",\"hits\":1,\"len\":1,\"x_sum\":-1}\n",
     "line 2 is none"},
};

TEST(HistLines, WhatIsNone) {
    for (const WrongRow &row : kWrong) {
        SCOPED_TRACE(row.why);
        const auto hist = read_hist_lines(row.text);
        ASSERT_FALSE(hist);
        EXPECT_EQ(hist.error().code, Errc::usage);
        EXPECT_NE(hist.error().what.find(row.says), std::string::npos) << hist.error().what;
    }
}

// Cut anywhere, it is the last whole table or an error, and never a crash.
TEST(HistLines, CutAnywhere) {
    const std::string text = lines_of({{"len"}, {{{{17, 0, "", {}}}, 7, {}}}, {}});
    size_t whole = 0;
    for (size_t i = 0; i < text.size(); i++)
        whole += read_hist_lines(text.substr(0, i)).ok();
    EXPECT_GT(whole, 3U);
    EXPECT_LT(whole, text.size() / 2);
}

std::string text_of(const Section &section) {
    std::string text;
    for (const auto &row : section.rows)
        for (size_t i = 0; i < row.size(); i++)
            text += value_text(row[i], section.columns[i].form) + (i + 1 < row.size() ? " " : "\n");
    return text;
}

HistEntry entry(const std::string &name, uint64_t hits, std::vector<uint64_t> sums = {}) {
    return {{{0, 0, name, {}}}, hits, std::move(sums)};
}

struct DiffRow {
    const char *why;
    Made before, after;
    const char *text;
};

const DiffRow kDiffs[] = {
    {"what changed most comes first, new and gone ones too",
     {{"name"}, {entry("a", 7), entry("b", 11), entry("c", 100)}, {}},
     {{"name"}, {entry("b", 13), entry("c", 101), entry("d", 17)}, {}},
     "new 0.00 17.00 0 17 d\n"
     "gone 7.00 0.00 7 0 a\n"
     "+18.2% 11.00 13.00 11 13 b\n"
     "+1.0% 100.00 101.00 100 101 c\n"},
    {"by rates: twice as long and twice as many is no change",
     {{"name"}, {entry("a", 7), entry("b", 10)}, {}, 2},
     {{"name"}, {entry("a", 14), entry("b", 5)}, {}, 4},
     "-75.0% 5.00 1.25 10 5 b\n"
     "+0.0% 3.50 3.50 7 14 a\n"},
    {"by hits, where the time is not known",
     {{"name"}, {entry("a", 10)}, {}, 0},
     {{"name"}, {entry("a", 15)}, {}, 4},
     "+50.0% 10 15 a\n"},
    {"sums that both have",
     {{"name"}, {entry("a", 1, {17, 19})}, {"x", "len"}},
     {{"name"}, {entry("a", 1, {23, 29})}, {"len", "y"}},
     "+0.0% 1.00 1.00 1 1 19 23 a\n"},
    {"a process by its name, whatever its pid",
     {{"common_pid.execname"},
      {{{{11, 0, "my sh", {}}}, 3, {}}, {{{13, 0, "my sh", {}}}, 5, {}}},
      {}},
     {{"common_pid.execname"}, {{{{17, 0, "my sh", {}}}, 8, {}}}, {}},
     "+0.0% 8.00 8.00 8 8 my sh\n"},
    {"a stack of another kernel, without distances",
     {{"stacktrace"}, {{{{0, 0, "", {"a+0x1/0x2 [m]", "b+0x1/0x2"}}}, 3, {}}}, {}},
     {{"stacktrace"}, {{{{0, 0, "", {"a+0x7/0x9 [m]", "b"}}}, 3, {}}}, {}, 1, "7.2"},
     "+0.0% 3.00 3.00 3 3 a [m], b\n"},
    {"of the same kernel with them",
     {{"stacktrace"}, {{{{0, 0, "", {"a+0x1/0x2"}}}, 3, {}}}, {}},
     {{"stacktrace"}, {{{{0, 0, "", {"a+0x7/0x9"}}}, 5, {}}}, {}},
     "new 0.00 5.00 0 5 a+0x7/0x9\n"
     "gone 3.00 0.00 3 0 a+0x1/0x2\n"},
};

TEST(HistDiff, Changes) {
    for (const DiffRow &row : kDiffs) {
        SCOPED_TRACE(row.why);
        const auto section = hist_diff(recorded(row.before), recorded(row.after));
        ASSERT_TRUE(section) << section.error().what;
        EXPECT_EQ(text_of(*section), row.text);
    }
}

TEST(HistDiff, QuestionsThatDiffer) {
    const auto one = recorded({{"len"}, {}, {}});
    EXPECT_FALSE(hist_diff(one, recorded({{"len.log2"}, {}, {}})));
    EXPECT_FALSE(hist_diff(one, recorded({{"len"}, {}, {}, 1, "6.1", "netif_rx"})));
    EXPECT_TRUE(hist_diff(one, one));
}

TEST(HistDiff, Notes) {
    auto one = recorded({{"len"}, {}, {}});
    EXPECT_TRUE(hist_diff_notes(one, one).empty());
    one.final = false;
    const auto other = recorded({{"len"}, {}, {}, 1, "7.2"});
    EXPECT_EQ(hist_diff_notes(one, other),
              (std::vector<std::string>{"two kernels: 6.1 and 7.2",
                                        "the run before did not come to its end: this is the last "
                                        "table it wrote"}));
}

}  // namespace
}  // namespace whydrop
