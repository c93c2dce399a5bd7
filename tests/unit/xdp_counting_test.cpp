// SPDX-License-Identifier: GPL-2.0-or-later
// Counts of XDP programs that come and go, by counters that grow, are set back, or fail.
#include "engine/xdp_counting.h"

#include <gtest/gtest.h>

#include "codec/document_json.h"
#include "engine/xdp_stats.h"
#include "golden.h"
#include "render/document.h"

namespace whydrop {
namespace {

using test::expect_golden;

XdpCounts counts(uint64_t pass, uint64_t drop, XdpPlace place = {0, 0}) {
    XdpCounts made{place.first, place.second, {}, 0};
    made.answers[static_cast<size_t>(XdpAnswer::pass)] = {pass, pass * 60};
    made.answers[static_cast<size_t>(XdpAnswer::drop)] = {drop, drop * 60};
    return made;
}

uint64_t passed(const XdpCounts &all) {
    return all.answers[static_cast<size_t>(XdpAnswer::pass)].packets;
}

struct MeterRow {
    const char *sentence;
    std::vector<std::pair<double, uint64_t>> read;  // seconds, packets; the first is the baseline
    uint64_t sum;
    std::vector<bool> grows;
    double rate;  // of the last step, each a period; below 0: none
};

const MeterRow kMeters[] = {
    {"what was there before is not counted", {{0, 1009}, {1, 1020}}, 11, {true}, 11},
    {"a period is as long as it was", {{0, 0}, {2.5, 10}, {4.5, 40}}, 40, {true, true}, 15},
    {"a counter that was set back is a new baseline",
     {{0, 1009}, {1, 1020}, {2, 7}, {3, 20}},
     24,
     {true, false, true},
     13},
    {"nothing is said of the period in which it was",
     {{0, 1009}, {1, 1020}, {2, 7}},
     11,
     {true, false},
     0},
    {"a rate of next to no time is none", {{0, 0}, {1, 3}, {1.001, 5}}, 5, {true, true}, -1},
    {"time that stands still", {{1, 0}, {1, 3}}, 3, {true}, -1},
    {"numbers near the end of their room",
     {{0, UINT64_MAX / 64 - 5}, {1, UINT64_MAX / 64}},
     5,
     {true},
     5},
};

TEST(XdpMeter, SumsAndRates) {
    for (const MeterRow &row : kMeters) {
        SCOPED_TRACE(row.sentence);
        XdpMeter meter(row.read[0].first, counts(row.read[0].second, 0));
        for (size_t i = 1; i < row.read.size(); i++) {
            meter.next_period();
            EXPECT_EQ(meter.take(row.read[i].first, counts(row.read[i].second, 0)),
                      row.grows[i - 1]);
        }
        EXPECT_EQ(passed(meter.whole().counts), row.sum);
        const XdpAmount last = meter.period();
        EXPECT_DOUBLE_EQ(last.per_second(passed(last.counts)).value_or(-1), row.rate);
    }
}

TEST(XdpMeter, EachOfItsNumbersMayBeSetBack) {
    XdpMeter meter(0, counts(7, 11));
    XdpCounts fewer = counts(1009, 11);
    fewer.answers[static_cast<size_t>(XdpAnswer::drop)].bytes--;
    EXPECT_FALSE(meter.take(1, fewer));
    XdpMeter runs(0, {0, 0, {}, 13});
    EXPECT_FALSE(runs.take(1, {0, 0, {}, 11}));
    EXPECT_EQ(runs.whole().counts.runs, 0u);
}

// What a counter says when it is read; nothing: it fails.
using Readings = std::shared_ptr<std::optional<std::vector<XdpCounts>>>;

class GivenCounter : public XdpCounter {
  public:
    GivenCounter(XdpWay way, uint32_t map, Readings says)
        : way_(way), map_(map), says_(std::move(says)) {}
    [[nodiscard]] XdpWay way() const override { return way_; }
    [[nodiscard]] std::string description() const override {
        return way_ == XdpWay::exit ? "fexit" : "map counts " + std::to_string(map_);
    }
    [[nodiscard]] uint32_t map() const override { return map_; }
    Result<std::vector<XdpCounts>> read() override {
        return *says_ ? Result<std::vector<XdpCounts>>(**says_)
                      : Error{Errc::failed, "it is out of order", ""};
    }

  private:
    XdpWay way_;
    uint32_t map_;
    Readings says_;
};

constexpr XdpPlace eth0{77, 2}, eth1{77, 3};

XdpScene scene(std::vector<XdpSpot> spots, bool has_eth1 = true) {
    XdpScene made;
    made.spots = std::move(spots);
    made.devices[eth0] = {"eth0", "web"};
    if (has_eth1)
        made.devices[eth1] = {"eth1", "web"};
    return made;
}

XdpSpot spot(const XdpPlace &place, uint32_t program, const std::string &part = "",
             bool dispatches = false) {
    return {place, XdpMode::native, part, program, program, dispatches};
}

// Programs below 100 keep a map of their own, of their number and 1000.
class XdpCountingTest : public testing::Test {
  protected:
    XdpCountingTest()
        : counting_(
              [this](uint32_t program) -> Result<XdpCounting::Opened> {
                  XdpCounting::Opened opened;
                  opened.info.id = program;
                  opened.info.function = "filter";
                  const bool by_map = program < 100;
                  opened.counter.counter =
                      std::make_unique<GivenCounter>(by_map ? XdpWay::map : XdpWay::exit,
                                                     by_map ? 1000 + program : 0, says(program));
                  if (by_map)
                      opened.counter.refused = {"fexit: it has no BTF"};
                  return opened;
              },
              [this] { return now_s_; }) {}

    Readings &says(uint32_t program) {
        Readings &readings = says_[program];
        if (!readings)
            readings =
                std::make_shared<std::optional<std::vector<XdpCounts>>>(std::vector<XdpCounts>{});
        return readings;
    }
    void say(uint32_t program, std::vector<XdpCounts> all) { *says(program) = std::move(all); }
    void begin(std::vector<XdpSpot> spots) {
        counting_.follow(scene(std::move(spots)));
        counting_.begin();
    }
    // PASS of a program on a device at the end.
    [[nodiscard]] uint64_t sum(uint32_t program, const std::string &dev = "eth0") const {
        uint64_t packets = 0;
        for (const XdpStanding &at : counting_.standings(true))
            if (at.program == program && at.dev == dev)
                packets += passed(at.total);
        return packets;
    }
    [[nodiscard]] std::string told() const {
        std::string text;
        for (const XdpChange &change : counting_.changes())
            text += change.text + " [" + std::to_string(change.old_program) + " " +
                    std::to_string(change.new_program) + "]\n";
        return text;
    }

    double now_s_ = 0;
    std::map<uint32_t, Readings> says_;
    XdpCounting counting_;
};

TEST_F(XdpCountingTest, AProgramThatIsReplacedKeepsItsCountsAndTheNextHasABaseline) {
    say(7, {counts(1009, 0)});
    begin({spot(eth0, 7)});
    say(7, {counts(1020, 0)});  // the last it says
    say(9, {counts(5003, 0)});  // as it is found
    now_s_ = 1;
    counting_.follow(scene({spot(eth0, 9)}));
    say(9, {counts(5016, 0)});
    now_s_ = 3;
    counting_.sample();
    EXPECT_EQ(sum(7), 11u);
    EXPECT_EQ(sum(9), 13u);
    EXPECT_EQ(told(),
              "eth0: program 7 filter was replaced by 9 filter, and its map 1007 by 1009 [7 9]\n");
    for (const XdpStanding &at : counting_.standings(true)) {
        EXPECT_EQ(at.gone, at.program == 7);
        EXPECT_DOUBLE_EQ(at.recent.seconds, at.program == 7 ? 1 : 2) << at.program;
    }
}

// So that a program that is reloaded every second does not fill the screen.
TEST_F(XdpCountingTest, WhatIsGoneIsShownOnceMoreAndAtTheEnd) {
    begin({spot(eth0, 7)});
    counting_.follow(scene({spot(eth0, 9)}));
    EXPECT_EQ(counting_.standings(false).size(), 2u);
    counting_.next_period();
    ASSERT_EQ(counting_.standings(false).size(), 1u);
    EXPECT_EQ(counting_.standings(false)[0].program, 9u);
    EXPECT_EQ(counting_.counted(false).size(), 1u);
    EXPECT_EQ(counting_.standings(true).size(), 2u);
    EXPECT_EQ(counting_.counted(true).size(), 2u);
}

TEST_F(XdpCountingTest, ACounterThatWasSetBackIsTold) {
    say(7, {counts(1009, 0)});
    begin({spot(eth0, 7)});
    say(7, {counts(3, 0)});
    counting_.sample();
    say(7, {counts(10, 0)});
    counting_.sample();
    EXPECT_EQ(sum(7), 7u);
    EXPECT_EQ(told(), "eth0: program 7 filter: its counts (map counts 1007) were set back [7 7]\n");
}

TEST_F(XdpCountingTest, DevicesApartWhereTheyAreToldApart) {
    say(107, {});
    begin({spot(eth0, 107), spot(eth1, 107), spot(eth0, 7), spot(eth1, 7)});
    say(107, {counts(11, 0, eth0), counts(13, 0, eth1), counts(3, 0)});
    say(7, {counts(17, 0)});
    counting_.sample();
    EXPECT_EQ(sum(107, "eth0"), 11u);
    EXPECT_EQ(sum(107, "eth1"), 13u);
    EXPECT_EQ(sum(7, "eth0, eth1"), 17u);
    ASSERT_EQ(counting_.losses().size(), 1u);
    EXPECT_EQ(counting_.losses()[0].kind, "no_room");
    EXPECT_EQ(counting_.losses()[0].count, 3u);
}

TEST_F(XdpCountingTest, WhatComesGoesAndComesAgain) {
    begin({spot(eth1, 107)});
    say(107, {counts(11, 0, eth1)});
    counting_.follow(scene({}, false));
    say(107, {});  // its counter is a new one
    counting_.follow(scene({spot(eth1, 107), spot(eth0, 7)}));
    say(107, {counts(3, 0, eth1)});
    counting_.sample();
    EXPECT_EQ(sum(107, "eth1"), 14u) << "in two rows";
    EXPECT_EQ(told(),
              "eth1: program 107 filter is gone, as the device is [107 0]\n"
              "eth0: program 7 filter was put on it [0 7]\n"
              "eth1: program 107 filter was put on it [0 107]\n");
}

TEST_F(XdpCountingTest, ADispatcherThatIsReplacedLeavesItsMembersWhatTheyWere) {
    begin({spot(eth0, 110, "", true), spot(eth0, 111, "prog0")});
    say(111, {counts(11, 0, eth0)});
    say(110, {counts(11, 0, eth0)});
    counting_.follow(
        scene({spot(eth0, 120, "", true), spot(eth0, 121, "prog0"), spot(eth0, 111, "prog1")}));
    say(111, {counts(13, 0, eth0)});
    say(120, {counts(2, 0, eth0)});
    counting_.sample();
    EXPECT_EQ(sum(111), 13u);
    EXPECT_EQ(counting_.packets(), 13u) << "each once, by the verdict";
    EXPECT_EQ(told(),
              "eth0: program 110 filter was replaced by 120 filter [110 120]\n"
              "eth0: program 121 filter was put on it [0 121]\n");
}

// What the kernel says of a dispatcher is of the one that stands in for it.
TEST_F(XdpCountingTest, OneThatStandsInForADispatcherIsKnownByItsId) {
    XdpSpot alone = spot(eth0, 7);
    alone.attached = 6;
    begin({alone, spot(eth1, 110, "", true)});
    alone.attached = 8;
    counting_.follow(scene({alone}));
    EXPECT_EQ(counting_.known_as(6), 7u);
    EXPECT_EQ(counting_.known_as(7), 7u);
    EXPECT_EQ(counting_.known_as(8), 7u);
    EXPECT_EQ(counting_.known_as(110), 110u);
    EXPECT_EQ(counting_.known_as(9), 9u) << "nobody's";
}

TEST_F(XdpCountingTest, ACounterThatFailsIsTold) {
    begin({spot(eth0, 7)});
    say(7, {counts(11, 0)});
    counting_.sample();
    *says(7) = std::nullopt;
    counting_.sample();
    counting_.sample();
    EXPECT_EQ(sum(7), 11u);
    EXPECT_EQ(told(), "eth0: program 7 filter is no longer counted: it is out of order [7 7]\n");
}

XdpStatsReport sample_report(bool final) {
    XdpStatsReport report;
    XdpStanding filter;
    filter.dev = "eth0";
    filter.netns = "web";
    filter.inode = 4026532228;
    filter.program = 12;
    filter.name = "filter";
    filter.part = "prog0";
    filter.by = "fexit";
    filter.total = counts(1009, 7);
    filter.recent = {counts(1009, 7), 0.5};
    XdpStanding verdict = filter;
    verdict.program = 11;
    verdict.name = "xdp_dispatcher";
    verdict.part.clear();
    verdict.dispatches = true;
    XdpStanding runs = filter;
    runs.dev = "eth1";
    runs.program = 15;
    runs.part.clear();
    runs.by = "run_cnt";
    runs.way = XdpWay::runs;
    runs.total = runs.recent.counts = {0, 0, {}, 13};
    XdpStanding uncounted = runs;
    uncounted.program = 16;
    uncounted.gone = true;
    uncounted.by.clear();
    XdpStanding idle = filter;
    idle.program = 17;
    idle.total = idle.recent.counts = {};
    report.programs = {verdict, filter, idle, runs, uncounted};
    report.counted = {{12, 0, "filter", "fexit", {}},
                      {15, 0, "filter", "run_cnt", {"fexit: it has no BTF", "map: it has no map"}},
                      {16, 0, "filter", "", {"fexit: it has no BTF"}}};
    XdpErrorStanding aborted;
    aborted.error.netns = 4026532228;
    aborted.error.ifindex = 2;
    aborted.error.program = 12;
    aborted.error.frames = 7;
    aborted.recent = 3;
    aborted.dev = "eth0";
    aborted.netns = "web";
    XdpErrorStanding full;
    full.error.kind = XdpErrorKind::cpumap_enqueue;
    full.error.map = 9;
    full.error.target = 3;
    full.error.frames = 5;
    full.target = "CPU 3";
    report.errors = {aborted, full};
    report.changes = {{1.5, "eth1", "web", 4026532228, 14, 15, "eth1: program 14 was replaced"},
                      {2.5, "eth1", "web", 4026532228, 16, 0, "eth1: program 16 was taken off"}};
    report.seconds = 3;
    report.period_s = 0.5;
    report.final = final;
    return report;
}

TEST(XdpStatsReport, ForPeopleAndForPrograms) {
    std::string text, json;
    for (const bool final : {false, true}) {
        const XdpStatsReport report = sample_report(final);
        for (const Section &section : xdp_stats_sections(report)) {
            for (const std::string &line : to_json_lines(section))
                json += line + "\n";
            if (!is_of_json(section))
                text += section.title + "\n" + section_text(section, {});
        }
    }
    expect_golden("xdp-stats.txt", text);
    expect_golden("xdp-stats.jsonl", json);
}

}  // namespace
}  // namespace whydrop
