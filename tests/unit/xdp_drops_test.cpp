// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of packets that XDP programs lose.
#include "engine/xdp_drops.h"

#include <gtest/gtest.h>

#include "render/document.h"

namespace whydrop {
namespace {

class FakeNames : public XdpNames {
  public:
    std::string device(uint32_t, uint32_t ifindex) override {
        return "veth" + std::to_string(ifindex);
    }
    std::string program(uint32_t) override { return "grow"; }
    std::string called_by(uint32_t id) override { return id == 77 ? "one 78, two 79" : ""; }
    std::string netns(uint32_t) override { return "web"; }
};

XdpPacket packet_of(const XdpChange &change, uint32_t bytes) {
    XdpPacket packet;
    packet.change = change;
    packet.entry_bytes = bytes;
    packet.exit_bytes = bytes - static_cast<uint32_t>(change.head - change.tail);
    packet.time_ns = 5'000'000'123'456;
    return packet;
}

struct ObservationRow {
    const char *sentence;
    int32_t answer, head, tail;
    std::vector<const char *> says;
};

const ObservationRow observation_rows[] = {
    {"as it came", 1, 0, 0, {}},
    {"room was wanted, and the packet cut",
     1,
     20,
     0,
     {"positive delta cut 20 bytes off the front",
      "a packet of 74 bytes at entry had 54 bytes at exit", "answered DROP",
      "has to give a negative delta"}},
    {"the same, and the program says that it failed",
     0,
     1,
     0,
     {"cut 1 byte off", "answered ABORTED", "negative delta"}},
    {"a tag was taken off and the packet passes: nothing is wrong with that",
     2,
     4,
     0,
     {"cut 4 bytes off the front", "answered PASS"}},
    {"room was made", 1, -20, 0, {"negative delta made room for 20 bytes", "had 94 bytes at exit"}},
    {"the end was cut",
     1,
     0,
     -7,
     {"bpf_xdp_adjust_tail() cut 7 bytes off the end", "had 67 bytes"}},
    {"both ends were moved", 1, 14, 3, {"off the front, and bpf_xdp_adjust_tail() added 3 bytes"}},
};

TEST(XdpDrops, WhatTheProgramDidToThePacketIsSaidInNumbers) {
    for (const ObservationRow &row : observation_rows) {
        SCOPED_TRACE(row.sentence);
        const XdpChange change{42, 1, 2, row.answer, row.head, row.tail};
        const std::string said = observation_of(change, {packet_of(change, 74)});
        EXPECT_EQ(said.empty(), row.says.empty()) << said;
        for (const char *part : row.says)
            EXPECT_NE(said.find(part), std::string::npos) << part << " in: " << said;
        if (row.answer == 2) {
            EXPECT_EQ(said.find("has to give"), std::string::npos) << said;
        }
    }
}

std::string text_of(const XdpDropReport &report) {
    FakeNames names;
    std::string text;
    for (const Section &section : drop_sections(report, names))
        text += section_text(section, {});
    return text;
}

TEST(XdpDrops, AreATableWithTotals) {
    const XdpChange cut{42, 1, 2, 1, 20, 0}, whole{42, 1, 3, 4242, 0, 0};
    XdpDropReport report;
    report.totals.counts = {{cut, {13, 962}}, {whole, {7, 518}}};
    report.before[cut] = 11;
    report.seconds = 4;
    report.period_seconds = 1;
    report.seen.add(packet_of(cut, 74));
    EXPECT_EQ(text_of(report),
              "20 packets, 1480 bytes in 4.00 s (5.00/s)\n"
              "PACKETS  BYTES  PER S  ANSWER       MOVED     PROGRAM  DEV    NETNS\n"
              "     13    962   2.00  DROP         head +20  grow 42  veth2  web\n"
              "      7    518   7.00  answer 4242  -         grow 42  veth3  web\n"
              "grow 42 answers DROP\n"
              "  bpf_xdp_adjust_head() with a positive delta cut 20 bytes off the front: a packet "
              "of 74 bytes at\n"
              "  entry had 54 bytes at exit. Then the program answered DROP. A program that wants "
              "room for a header\n"
              "  has to give a negative delta: with this one a check of what should be there "
              "against data_end fails\n");
}

TEST(XdpDrops, SayWhenThereWereNone) {
    XdpDropReport report;
    report.seconds = 1;
    EXPECT_EQ(text_of(report),
              "0 packets, 0 bytes in 1.00 s (0.00/s)\nno program gave such an answer\n");
}

TEST(XdpDrops, APacketIsALine) {
    FakeNames names;
    Session session;
    session.start_ns = 5'000'000'000'000;
    session.start_unix_ns = 0;
    const XdpChange cut{42, 1, 2, 1, 20, 0};
    const std::string line = section_text(packet_section({packet_of(cut, 74)}, session, names), {});
    EXPECT_NE(line.find(":00.000123  DROP  grow 42  veth2  74 bytes, then 54 (head +20)"),
              std::string::npos)
        << line;
}

struct LossRow {
    const char *sentence;
    uint64_t XdpPacketTotals::*count;
    const char *kind;
    bool counted;
};

const LossRow loss_rows[] = {
    {"counted, not shown", &XdpPacketTotals::ring_full, "ring_full", true},
    {"not counted", &XdpPacketTotals::no_room, "no_room", false},
    {"the filter cannot tell", &XdpPacketTotals::undecided, "undecided", false},
    {"the kernel skipped us", &XdpPacketTotals::passed_over, "recursion", false},
};

TEST(XdpDrops, TellWhatIsNotSeen) {
    EXPECT_TRUE(drop_losses({}, true).empty());
    for (const LossRow &row : loss_rows) {
        SCOPED_TRACE(row.sentence);
        XdpPacketTotals totals;
        totals.*row.count = 3;
        const Losses losses = drop_losses(totals, false);
        ASSERT_EQ(losses.size(), 1u);
        EXPECT_EQ(losses[0].kind, row.kind);
        EXPECT_EQ(losses[0].count, 3u);
        EXPECT_EQ(losses[0].in_other, row.counted);
    }
}

TEST(XdpDrops, ACaptureHasTheReasonAndTheProgram) {
    FakeNames names;
    const XdpChange cut{42, 1, 2, 1, 20, 0};
    const DropRecord record = drop_record_of(packet_of(cut, 74), names);
    ASSERT_TRUE(record.reason.has_value());
    EXPECT_EQ(record.reason->name, "XDP_DROP");
    EXPECT_EQ(record.location.name, "grow");
    EXPECT_EQ(record.location.module, "bpf program 42");
    EXPECT_NE(record.cause.find("cut 20 bytes"), std::string::npos) << record.cause;
    XdpChange invalid = cut;
    invalid.answer = 4242;
    EXPECT_EQ(drop_record_of(packet_of(invalid, 74), names).reason->name, "XDP_4242");
}

}  // namespace
}  // namespace whydrop
