// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_section.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "render/document.h"
#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_key.h"
#include "source/tracefs/hist_text.h"

namespace whydrop {
namespace {

using Value = HistKeyValue;

Histogram made(const std::vector<std::string> &keys, std::vector<HistEntry> entries,
               std::vector<std::string> values = {}) {
    Histogram histogram;
    for (const std::string &key : keys)
        histogram.keys.push_back(*parse_hist_key(key));
    histogram.values = std::move(values);
    histogram.entries = std::move(entries);
    for (const HistEntry &entry : histogram.entries)
        histogram.hits += entry.hits;
    return histogram;
}

// Columns of text with their titles, and the rows below; those of JSON alone by key=value.
std::string text_of(const Section &section, bool bars = false) {
    std::string text;
    for (const auto &row : section.rows) {
        EXPECT_EQ(row.size(), section.columns.size());
        for (size_t i = 0; i < row.size(); i++) {
            const DocumentColumn &column = section.columns[i];
            text += (i ? " " : "") +
                    (column.title.empty() ? column.key + "=" : column.title + ":") +
                    value_text(row[i], bars || column.form != ValueForm::share ? column.form
                                                                               : ValueForm::plain);
        }
        text += "\n";
    }
    return text;
}

struct SectionRow {
    const char *why;
    std::vector<std::string> keys;
    std::vector<Value> values;
    const char *text;  // behind hits and percent
};

const SectionRow kKeys[] = {
    {"a number", {"len"}, {{17, 0, "", {}}}, "LEN:17"},
    {"its name instead", {"reason"}, {{3, 0, "NO_SOCKET", {}}}, "REASON:NO_SOCKET"},
    {"an address", {"skbaddr.hex"}, {{0xffff88, 0, "", {}}}, "SKBADDR:0xffff88"},
    {"a symbol and where it is",
     {"location.sym-offset"},
     {{0xc0, 0, "udp_rcv+0x4/0x8", {}}},
     "LOCATION:udp_rcv+0x4/0x8 location=0xc0"},
    {"a process and its pid",
     {"common_pid.execname"},
     {{4321, 0, "bash", {}}},
     "COMMON_PID:bash 4321 common_pid=4321"},
    {"a range", {"len.log2"}, {{33, 64, "", {}}}, "LEN:33-64 len_min=33 len_max=64"},
    {"a range of one", {"len.log2"}, {{2, 2, "", {}}}, "LEN:2 len_min=2 len_max=2"},
    {"a stack",
     {"stacktrace"},
     {{0, 0, "", {"a+0x1/0x2", "b+0x1/0x2"}}},
     "stack=a+0x1/0x2, b+0x1/0x2"},
};

TEST(HistSection, Keys) {
    for (const SectionRow &row : kKeys) {
        SCOPED_TRACE(row.why);
        const auto section = hist_section(made(row.keys, {{row.values, 7, {}}}), {});
        EXPECT_EQ(text_of(section), std::string("HITS:7 %:100.00 ") + row.text + "\n");
        EXPECT_EQ(section.shape == SectionShape::blocks, row.keys[0] == "stacktrace");
    }
}

struct OrderRow {
    const char *why;
    HistView view;
    const char *order;  // of the names
};

const OrderRow kOrders[] = {
    {"most hits first", {}, "b c a "},
    {"by a sum", {{{"len", true}}, 0}, "c a b "},
    {"the smallest sum first", {{{"len", false}}, 0}, "b c a "},
    {"by name", {{{"dev", false}}, 0}, "a b c "},
};

TEST(HistSection, Order) {
    const auto histogram = made(
        {"dev"},
        {{{{0, 0, "a", {}}}, 3, {31}}, {{{0, 0, "b", {}}}, 7, {29}}, {{{0, 0, "c", {}}}, 5, {31}}},
        {"len"});
    for (const OrderRow &row : kOrders) {
        SCOPED_TRACE(row.why);
        const auto section = hist_section(histogram, row.view);
        std::string order;
        for (const auto &cells : section.rows)
            order += value_text(cells.back(), ValueForm::plain) + " ";
        EXPECT_EQ(order, row.order);
    }
}

TEST(HistSection, SharesAndRates) {
    auto histogram = made({"len"}, {{{{17, 0, "", {}}}, 13, {65537}}}, {"bytes.hex"});
    histogram.dropped = 13;
    const HistView view = {{}, 6.5};
    EXPECT_EQ(text_of(hist_section(histogram, view)),
              "HITS:13 %:50.00 /S:2.00 BYTES:0x10001 LEN:17\n");
}

// A share has its bar where it is ranked by: of the sum, when that is what decides.
TEST(HistSection, Bars) {
    const auto histogram =
        made({"dev"}, {{{{0, 0, "a", {}}}, 3, {17}}, {{{0, 0, "b", {}}}, 1, {51}}}, {"len"});
    HistView view;
    EXPECT_EQ(text_of(hist_section(histogram, view), true),
              "HITS:3 %:75.00 █████████    LEN:17 DEV:a\n"
              "HITS:1 %:25.00 ███          LEN:51 DEV:b\n");
    view.percent = true;
    view.sort = {{"len", true}};
    view.seconds = 2;
    EXPECT_EQ(text_of(hist_section(histogram, view), true),
              "HITS:1 %:25.00 /S:0.50 LEN:51 %:75.00 █████████    DEV:b\n"
              "HITS:3 %:75.00 /S:1.50 LEN:17 %:25.00 ███          DEV:a\n");
}

TEST(HistSection, Summary) {
    HistReport report;
    report.event = "net:netif_receive_skb";
    report.histogram =
        made({"name", "len.log2"}, {{{{0, 0, "a", {}}, {1, 1, "", {}}}, 11, {17}}}, {"len"});
    report.histogram.dropped = 2;
    EXPECT_EQ(hist_title(report), "net:netif_receive_skb: 13 hits, 1 entry");
    EXPECT_EQ(text_of(hist_summary(report)),
              "event=net:netif_receive_skb keys=name, len.log2 values=len filter=- seconds=- "
              "hits=13 entries=1 final=no\n");
    report.view.seconds = 6.5;
    report.condition = "len > 7";
    report.final = true;
    EXPECT_EQ(hist_title(report), "net:netif_receive_skb: 13 hits in 6.50 s (2.00/s), 1 entry");
    EXPECT_EQ(text_of(hist_summary(report)),
              "event=net:netif_receive_skb keys=name, len.log2 values=len filter=len > 7 "
              "seconds=6.50 hits=13 entries=1 final=yes\n");
}

struct LossRow {
    const char *why;
    uint64_t dropped;
    TraceLosses missed;
    const char *kind;  // empty: none
    uint64_t count;
};

const LossRow kLosses[] = {
    {"all is in the table", 0, {}, "", 0},
    {"the table was too small", 13, {}, "no_room", 13},
    {"the stream was too fast", 0, {17, false, 0, 0, 0}, "ring_full", 17},
    {"an interrupt came between", 0, {0, false, 19, 0, 0}, "interrupted", 19},
    {"records were cut", 0, {0, false, 0, 23, 0}, "unreadable", 23},
    {"stacks did not come", 0, {0, false, 0, 0, 29}, "no_stack", 29},
};

TEST(HistSection, Losses) {
    for (const LossRow &row : kLosses) {
        SCOPED_TRACE(row.why);
        Histogram histogram;
        histogram.dropped = row.dropped;
        const Losses losses = hist_losses(histogram, row.missed);
        ASSERT_EQ(losses.size(), *row.kind ? 1U : 0U);
        if (*row.kind) {
            EXPECT_EQ(losses[0].kind, row.kind);
            EXPECT_EQ(losses[0].count, row.count);
        }
    }
}

struct GoldenRow {
    const char *fixture, *format, *golden;
    std::vector<HistSort> sort;
};

const GoldenRow kGolden[] = {
    {"6.1/stack.hist", "6.1/kfree_skb.format", "hist-stacks.txt", {}},
    {"7.2/stackpid.hist", "7.2/kfree_skb.format", "hist-stacks-of-processes.txt", {}},
    {"7.2/kmalloc.hist", "7.2/kmalloc.format", "hist-kmalloc.txt", {{"bytes_alloc", true}}},
    {"6.12/reason.hist", "6.12/kfree_skb.format", "hist-reasons.txt", {}},
};

// What kernels wrote, ranked.
TEST(HistSection, Golden) {
    const std::string folder = std::string(WHYDROP_FIXTURES) + "/hist/";
    for (const GoldenRow &row : kGolden) {
        SCOPED_TRACE(row.golden);
        auto histograms = parse_hist(test::read_file(folder + row.fixture));
        const auto format = parse_event_format(test::read_file(folder + row.format));
        ASSERT_TRUE(histograms && format);
        ASSERT_EQ(histograms->size(), 1U);
        HistReport report;
        report.event = format->name;
        report.histogram = std::move(histograms->front());
        name_values(report.histogram, *format);
        report.view = {row.sort, 3.5, !row.sort.empty()};
        test::expect_golden(
            row.golden,
            hist_title(report) + "\n" +
                section_text(hist_section(report.histogram, report.view), {.bars = true}));
    }
}

}  // namespace
}  // namespace whydrop
