// SPDX-License-Identifier: GPL-2.0-or-later
// The report of `whydrop counters`: order, CPUs in one row, what is left out, what is said.
#include "engine/counters_report.h"

#include <gtest/gtest.h>

#include "render/document.h"

namespace whydrop {
namespace {

const CounterBook &book() {
    static const auto built_in = CounterBook::built_in();
    return *built_in;
}

CounterChange change(const std::string &source, const std::string &name, int64_t delta,
                     const std::string &place = {}, const std::string &dev = {}) {
    CounterChange made;
    made.source = source;
    made.name = name;
    made.delta = delta;
    made.value = static_cast<uint64_t>(delta);
    made.place = place;
    made.dev = dev;
    return made;
}

CountersReport sample() {
    CountersReport report;
    report.changes = {change("snmp", "IpInReceives", 1009),
                      change("snmp", "UdpNoPorts", 13),
                      change("netstat", "TcpExtTCPTimeouts", 499),
                      change("softnet_stat", "dropped", 3, "cpu0"),
                      change("softnet_stat", "dropped", 29, "cpu5"),
                      change("link", "rx_missed_errors", 7, "eth0", "eth0"),
                      change("driver", "rx_queue_3_drops", 5, "eth0", "eth0")};
    report.recent = report.changes;
    report.seconds = report.recent_seconds = 2;
    report.final = true;
    return report;
}

std::string text_of(const CountersReport &report) {
    std::string text;
    for (const Section &section : counters_document(report, book()))
        if (!is_of_json(section))
            text += (section.title.empty() ? "" : section.title + "\n") + section_text(section, {});
    return text;
}

const Section &table(const std::vector<Section> &sections) {
    for (const Section &section : sections)
        if (section.type == "counter")
            return section;
    ADD_FAILURE() << "no table";
    return sections.front();
}

std::vector<std::string> names_in(const CountersReport &report) {
    std::vector<std::string> names;
    const std::vector<Section> sections = counters_document(report, book());
    for (const auto &row : table(sections).rows)
        names.push_back(std::get<std::string>(row[3]));
    return names;
}

TEST(CountersReport, HasSuspiciousOnesFirstAndNormalOnesWhenAskedFor) {
    using Names = std::vector<std::string>;
    const Names suspicious = {"dropped", "UdpNoPorts", "rx_missed_errors", "rx_queue_3_drops",
                              "TcpExtTCPTimeouts"};
    CountersReport report = sample();
    EXPECT_EQ(names_in(report), suspicious);
    report.all = true;
    Names all = suspicious;
    all.emplace_back("IpInReceives");
    EXPECT_EQ(names_in(report), all);
}

TEST(CountersReport, AddsCpusUp) {
    const std::string text = text_of(sample());
    EXPECT_NE(text.find("    32   16.00  softnet_stat  dropped"), std::string::npos) << text;
    EXPECT_NE(text.find("2 CPUs, most on cpu5"), std::string::npos) << text;
    EXPECT_NE(text.find("5 suspicious counters of 6 that changed in 2.00 s"), std::string::npos)
        << text;
}

TEST(CountersReport, SaysWhatNoTracepointSaw) {
    const std::string text = text_of(sample());
    EXPECT_NE(text.find("lost in the device, before the kernel had a packet (eth0 "
                        "rx_missed_errors, eth0 rx_queue_3_drops)"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("softnet_stat: of the whole machine"), std::string::npos) << text;
}

TEST(CountersReport, NamesTheDropsAtTheEnd) {
    CountersReport report = sample();
    EXPECT_NE(text_of(report).find("  drops: NO_SOCKET\n"), std::string::npos);
    report.final = false;
    EXPECT_EQ(text_of(report).find("  drops: "), std::string::npos);
}

TEST(CountersReport, OfNothingSaysSo) {
    CountersReport report;
    EXPECT_NE(text_of(report).find("nothing changed"), std::string::npos);
    report.changes = {change("snmp", "IpInReceives", 3)};
    EXPECT_NE(text_of(report).find("nothing suspicious; --all"), std::string::npos);
}

TEST(CountersReport, CountsPlacesThatWentAsLost) {
    CountersReport report;
    EXPECT_TRUE(counters_losses(report).empty());
    report.gone = {"link eth7", "driver eth7", "qdisc eth7 fq 8001:"};
    const Losses losses = counters_losses(report);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].count, 3U);
    EXPECT_NE(losses[0].detail.find("link eth7, driver eth7"), std::string::npos);
}

TEST(ExplainCounter, FindsEachSourceOfAName) {
    CounterReading reading;
    reading.groups = {{"qdisc", "eth0 fq 8001:", 2, {{"drops", 3}}, "eth0"},
                      {"qdisc", "eth1 fq 8002:", 3, {{"drops", 4}}, "eth1"},
                      {"driver", "eth0", 2, {{"drops", 5}}, "eth0"}};
    const auto both = explain_counter(reading, book(), "Drops");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->rows.size(), 2U);
    const auto one = explain_counter(reading, book(), "qdisc/drops");
    ASSERT_TRUE(one);
    ASSERT_EQ(one->rows.size(), 1U);
    EXPECT_NE(section_text(*one, {}).find("now: 7, the sum of 2 places"), std::string::npos);
    // Known, though this kernel has it not now.
    const auto absent = explain_counter(reading, book(), "rx_pause_frames");
    ASSERT_TRUE(absent);
    EXPECT_NE(section_text(*absent, {}).find("does not have it now"), std::string::npos);
    EXPECT_TRUE(explain_counter(reading, book(), "UdpNoPorts"));
    EXPECT_FALSE(explain_counter(reading, book(), "qdisc/UdpNoPorts"));
    const auto none = explain_counter(reading, book(), "dropz");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().hint, "near to it: drops");
}

}  // namespace
}  // namespace whydrop
