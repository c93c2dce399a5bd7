// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_section.h"

#include <gtest/gtest.h>

#include "render/document.h"
#include "source/tracefs/hist_key.h"

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
std::string text_of(const Section &section) {
    std::string text;
    for (const auto &row : section.rows) {
        EXPECT_EQ(row.size(), section.columns.size());
        for (size_t i = 0; i < row.size(); i++) {
            const DocumentColumn &column = section.columns[i];
            text += (i ? " " : "") +
                    (column.title.empty() ? column.key + "=" : column.title + ":") +
                    value_text(row[i], column.form);
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
    {"the first of them", {{}, 2, 0}, "b c "},
    {"by a sum", {{{"len", true}}, 0, 0}, "c a b "},
    {"the smallest sum first", {{{"len", false}}, 0, 0}, "b c a "},
    {"by name", {{{"dev", false}}, 0, 0}, "a b c "},
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
    const HistView view = {{}, 1, 6.5};
    EXPECT_EQ(text_of(hist_section(histogram, view)),
              "HITS:13 %:50.00 /S:2.00 BYTES:0x10001 LEN:17\n");
    const auto notes = hist_notes(histogram, view);
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_TRUE(notes[0].starts_with("13 hits found no room")) << notes[0];
    histogram.entries.resize(3, histogram.entries[0]);
    EXPECT_EQ(hist_notes(histogram, view).size(), 2U);
    EXPECT_TRUE(hist_notes(made({"len"}, {}), {}).empty());
}

}  // namespace
}  // namespace whydrop
