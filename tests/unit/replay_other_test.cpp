// SPDX-License-Identifier: GPL-2.0-or-later
// What other commands than drops recorded: packets that were received, reports of sections.
#include <gtest/gtest.h>

#include "codec/document_json.h"
#include "codec/json.h"
#include "replay_fixture.h"

namespace whydrop {
namespace {

using test::ReplayTest;
using test::set_by;
using test::text_at;

// Seven packets of lo and four of eth0; every other one is a broadcast.
std::vector<DropRecord> received() {
    std::vector<DropRecord> all;
    for (uint64_t i = 0; i < 11; i++) {
        DropRecord packet = sample::record();
        packet.event = PacketEvent::receive;
        packet.reason.reset();
        packet.location = {};
        packet.time_ns = 1'100'000'000 + i * 100'000'000;
        packet.dev = i < 7 ? Device{"lo", 1, 1} : Device{"eth0", 2, 1};
        packet.packet.meta.type = i % 2 ? PacketType::broadcast : PacketType::host;
        all.push_back(packet);
    }
    return all;
}

std::string lines_of(const std::vector<DropRecord> &packets) {
    std::string lines = to_json(sample::session()) + "\n";
    for (const DropRecord &packet : packets)
        lines += to_json(packet) + "\n";
    return lines + losses_to_json({}) + "\n";
}

// Where, of what and for whom; nobody has to explain why it was received.
TEST_F(ReplayTest, CountsWhatWasReceived) {
    const std::string file = dir_.write("received", lines_of(received()));
    const auto usual = replay(file, {}, false);
    ASSERT_TRUE(usual.status.ok());
    EXPECT_TRUE(usual.out.starts_with("DEV   PROTO     PKT_TYPE   EVENTS")) << usual.out;
    EXPECT_EQ(usual.out.find("cause:"), std::string::npos) << usual.out;
    ReplayOptions options;
    set_by(options, GroupKey::pkt_type);
    const auto by_type = replay(file, options, false);
    EXPECT_NE(by_type.out.find("\nhost            6"), std::string::npos) << by_type.out;
    EXPECT_NE(by_type.out.find("\nbroadcast       5"), std::string::npos) << by_type.out;
    options = {};
    options.filter.iface = "lo";
    EXPECT_NE(replay(file, options, false).out.find("total: 7 events"), std::string::npos);
}

TEST_F(ReplayTest, KnowsNoReasonOfWhatWasReceived) {
    const std::string file = dir_.write("received", lines_of(received()));
    ReplayOptions options;
    set_by(options, GroupKey::reason);
    set_by(options, GroupKey::dev);
    const auto by_reason = replay(file, options);
    ASSERT_FALSE(by_reason.status.ok());
    EXPECT_EQ(by_reason.status.error().what,
              "this is a recording of packets that were received: they have no reason");
    options = {};
    options.filter.reasons = {"NO_SOCKET"};
    EXPECT_FALSE(replay(file, options).status.ok());
    std::vector<DropRecord> both = received();
    both.push_back(sample::record());
    EXPECT_FALSE(replay(dir_.write("both", lines_of(both))).status.ok());
}

TEST_F(ReplayTest, HasNothingOfARunThatSawNothing) {
    ReplayOptions options;
    set_by(options, GroupKey::flow);
    const auto none = replay(dir_.write("none", lines_of({})), options);
    EXPECT_TRUE(none.status.ok());
    EXPECT_NE(none.out.find("total: 0 events"), std::string::npos) << none.out;
}

Section devices() {
    Section section;
    section.type = "device";
    section.title = "DEVICES";
    section.columns = {{"dev", "DEV"},
                       {"flags", "FLAGS", ValueForm::hex},
                       {"rx_bytes", "RX", ValueForm::bytes},
                       {"share", "%"},
                       {"up", "UP"}};
    section.rows = {{std::string("eth0"), uint64_t{0x1043}, uint64_t{4099}, 12.5, true},
                    {std::string("lo"), Value(), uint64_t{7}, Value(), false}};
    return section;
}

TEST_F(ReplayTest, ShowsADocumentAsItWas) {
    Section stacks;
    stacks.type = "hist_entry";
    stacks.shape = SectionShape::blocks;
    stacks.columns = {{"hits", "HITS"}, {"stack", ""}};
    stacks.rows = {{uint64_t{7}, std::vector<std::string>{"one+0x1", "two"}}};
    Section many = devices();
    many.shown = 1;
    many.columns[3].form = ValueForm::share;
    Section none = devices();
    none.type = "softnet";
    none.rows.clear();
    none.if_empty = "nothing is there";
    const std::string direct = dir_.write("direct", std::string_view());
    const std::string recorded = dir_.path() + "/document";
    const auto write = [&](Writer &writer, const DocumentStyle &style) {
        DocumentWriter document(writer, style);
        EXPECT_TRUE(document.begin(sample::session()).ok());
        const Section notes = notes_section({"two of them came late"});
        for (const Section &section : {devices(), none, stacks, many, notes, notes_section({})})
            EXPECT_TRUE(document.write(section).ok());
        EXPECT_TRUE(document.end(sample::losses()).ok());
    };
    {
        const Fd file(::open(direct.c_str(), O_WRONLY));
        Output output(file.get());
        write(output, {});
        auto recording = RecordFile::create(recorded);
        ASSERT_TRUE(recording.ok());
        write(*recording, {.json = true, .heads = true});
    }
    const auto shown = replay(recorded);
    ASSERT_TRUE(shown.status.ok());
    EXPECT_EQ(shown.out, text_at(direct));
    EXPECT_NE(shown.out.find("and 1 more (-f json has all)\nnote: "), std::string::npos);
    EXPECT_NE(shown.out.find("note: two of them came late\n"), std::string::npos);
    ReplayOptions options;
    set_by(options, GroupKey::dev);
    EXPECT_FALSE(replay(recorded, options).status.ok()) << "not to be counted";
}

TEST_F(ReplayTest, ShowsRowsWithoutTheirHead) {
    std::string lines;
    for (const std::string &line : to_json_lines(devices()))
        lines += line + "\n";
    const auto shown = replay(dir_.write("rows", lines + losses_to_json({}) + "\n"));
    ASSERT_TRUE(shown.status.ok());
    EXPECT_EQ(shown.out,
              "device\n"
              "DEV   FLAGS   RX_BYTES  SHARE  UP\n"
              "eth0  0x1043      4099  12.50  yes\n"
              "lo    -              7      -  no\n"
              "\nlosses: none\n");
}

}  // namespace
}  // namespace whydrop
