// SPDX-License-Identifier: GPL-2.0-or-later
// Runs as -o writes them, read again: the same report, other tables of it, and what is said of
// files that are damaged or none of ours.
#include "engine/replay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "codec/json.h"
#include "render/pcapng_sink.h"
#include "render/recording.h"
#include "render/text.h"
#include "sample_report.h"
#include "temp_dir.h"

namespace whydrop {
namespace {

std::string text_at(const std::string &path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// Thirteen drops of two flows; every third is of the second.
std::vector<DropRecord> drops() {
    std::vector<DropRecord> all;
    for (uint64_t i = 0; i < 13; i++) {
        DropRecord drop = sample::record();
        drop.time_ns = 1'100'000'000 + i * 100'000'000;
        drop.task.in_interrupt = i % 2 == 0;
        if (i % 3 == 0)
            drop.packet.levels[0].udp->dport = 54;
        all.push_back(drop);
    }
    return all;
}

// JSON has no room for what is no UTF-8, and of that the sample's device has some.
Report report() {
    Report report = sample::report();
    report.groups[1].dev->name = "v\x1b[2Jx";
    return report;
}

class ReplayTest : public testing::Test {
  protected:
    struct Replayed {
        Status status = success();
        std::string out;
    };

    // What -o makes of a run.
    std::string record(const std::vector<DropRecord> &each, bool ended = true) {
        std::string path = dir_.path() + "/run.jsonl";
        RecordingSink sink(path);
        EXPECT_TRUE(sink.begin(sample::session()).ok());
        for (const DropRecord &drop : each)
            EXPECT_TRUE(sink.record(drop).ok());
        const auto counted = each.empty() ? sink.interval(report()) : success();
        const auto finished = ended ? sink.end(report(), sample::losses()) : sink.flush();
        EXPECT_TRUE(counted.ok() && finished.ok());
        return path;
    }

    Replayed replay(const std::string &path, const ReplayOptions &options = {},
                    bool show_each = true, Sink *more = nullptr) {
        auto recording = Recording::open(path);
        if (!recording)
            return {recording.error(), ""};
        const std::string shown = dir_.write("shown", std::string_view());
        Replayed replayed;
        {
            const Fd file(::open(shown.c_str(), O_WRONLY));
            Output output(file.get());
            TextOptions text;
            text.each = show_each;
            TextSink sink(output, text);
            DocumentWriter document(output, {});
            std::vector<Sink *> sinks = {&sink};
            if (more)
                sinks.push_back(more);
            replayed.status = replay_recording(*recording, options, sinks, document, {});
        }
        replayed.out = text_at(shown);
        return replayed;
    }

    std::string live(const std::vector<DropRecord> &each) {
        const std::string shown = dir_.write("live", std::string_view());
        {
            const Fd file(::open(shown.c_str(), O_WRONLY));
            Output output(file.get());
            TextSink sink(output, {});
            EXPECT_TRUE(sink.begin(sample::session()).ok());
            for (const DropRecord &drop : each)
                EXPECT_TRUE(sink.record(drop).ok());
            EXPECT_TRUE(sink.end(report(), sample::losses()).ok());
        }
        return text_at(shown);
    }

    test::TempDir dir_;
};

void set_by(ReplayOptions &options, GroupKey key) {
    options.by |= static_cast<GroupKeys>(key);
}

TEST_F(ReplayTest, ShowsWhatTheRunShowed) {
    for (const auto &each : {std::vector<DropRecord>(), drops()}) {
        const auto again = replay(record(each));
        ASSERT_TRUE(again.status.ok());
        EXPECT_EQ(again.out, live(each));
    }
}

// As probes/bcc/drops.py writes them: bytes that nobody has decoded, and no explanations.
TEST_F(ReplayTest, ExplainsWhatAScriptCounted) {
    constexpr std::string_view lines =
        R"({"type":"session","schema":1,"command":"drops.py","host":"h","kernel":"6.12.95",)"
        R"("machine":"x86_64","version":"drops.py","start_ns":1,"start_unix_ns":2,"cpus":2,)"
        R"("source":"bcc","has_reasons":true})"
        "\n"
        R"({"type":"drop_group","schema":1,"final":true,"by":["reason","location","dev"],)"
        R"("reason":"NO_SOCKET","reason_code":3,"subsystem":"core","location":{"symbol":)"
        R"("__udp4_lib_rcv","offset":1349,"address":"0xffffffff81b67675"},"dev":"lo","ifindex":1,)"
        R"("netns":4026532178,"events":199,"packets":199,"bytes":2388,"first_ns":3,"last_ns":4,)"
        R"("folded":false,"samples":[{"time_ns":3,"cpu":1,"reason":"NO_SOCKET","reason_code":3,)"
        R"("subsystem":"core","location":{"symbol":"__udp4_lib_rcv","offset":1349},"dev":"lo",)"
        R"("ifindex":1,"netns":4026532178,"pid":130,"comm":"python3","packet":{"link":"ethernet",)"
        R"("wire_bytes":46,"bytes_hex":"0000000000000000000000000800450000205ba640004011e1237f0000)"
        R"(017f0000029c470009000cfe206c6f7374","length_bytes":12,"pkt_type":"host",)"
        R"("checksum_state":"partial","ethertype":2048,"direction":"in"}}]})"
        "\n"
        R"({"type":"drop_total","schema":1,"final":true,"by":["reason","location","dev"],)"
        R"("from_ns":1,"to_ns":5,"total":{"events":199,"packets":199,"bytes":2388},)"
        R"("other":{"events":0,"packets":0,"bytes":0}})"
        "\n"
        R"({"type":"losses","schema":1,"losses":[]})"
        "\n";
    const auto shown = replay(dir_.write("script.jsonl", lines));
    ASSERT_TRUE(shown.status.ok());
    for (const char *part : {"199 events, udp.no_socket", "ss -lunp \"sport = :9\"",
                             "127.0.0.1:40007 > 127.0.0.2:9 udp"})
        EXPECT_NE(shown.out.find(part), std::string::npos) << part << "\n" << shown.out;
}

TEST_F(ReplayTest, CountsByOtherKeys) {
    ReplayOptions options;
    set_by(options, GroupKey::flow);
    const auto by_flow = replay(record(drops()), options, false);
    ASSERT_TRUE(by_flow.status.ok());
    EXPECT_NE(by_flow.out.find("10.0.0.1:1234 > 10.0.0.2:53 udp       8        8    368"),
              std::string::npos)
        << by_flow.out;
    EXPECT_NE(by_flow.out.find("10.0.0.1:1234 > 10.0.0.2:54 udp       5        5    230"),
              std::string::npos)
        << by_flow.out;
    EXPECT_NE(by_flow.out.find("total: 13 events, 13 packets, 598 bytes"), std::string::npos);
}

TEST_F(ReplayTest, CountsByFewerKeysWhatWasCounted) {
    ReplayOptions options;
    set_by(options, GroupKey::dev);
    const auto by_dev = replay(record({}), options);
    ASSERT_TRUE(by_dev.status.ok());
    EXPECT_NE(by_dev.out.find("total: 54 events, 60 packets, 3560 bytes"), std::string::npos)
        << by_dev.out;
    set_by(options, GroupKey::flow);
    const auto by_flow = replay(record({}), options);
    ASSERT_FALSE(by_flow.status.ok());
    EXPECT_NE(by_flow.status.error().what.find("counts by reason,location,dev, and not by flow"),
              std::string::npos);
}

struct Asked {
    const char *sentence;
    std::function<void(DropFilter &)> set;
    const char *slice;
    const char *total;
};

TEST_F(ReplayTest, SelectsDrops) {
    const Asked rows[] = {
        {"a device by name", [](DropFilter &f) { f.iface = "v1"; }, "", "total: 13 events"},
        {"a device by number", [](DropFilter &f) { f.iface = "5"; }, "", "total: 13 events"},
        {"another device", [](DropFilter &f) { f.iface = "eth0"; }, "", "total: 0 events"},
        {"a namespace", [](DropFilter &f) { f.netns = "4026532174"; }, "", "total: 13 events"},
        {"a reason", [](DropFilter &f) { f.reasons = {"ip_csum"}; }, "", "total: 13 events"},
        {"all but this reason", [](DropFilter &f) { f.reasons = {"!SKB_DROP_REASON_IP_CSUM"}; }, "",
         "total: 0 events"},
        {"a protocol", [](DropFilter &f) { f.proto = "udp"; }, "", "total: 13 events"},
        {"a protocol below", [](DropFilter &f) { f.proto = "arp"; }, "", "total: 0 events"},
        {"a process, as far as there was one", [](DropFilter &f) { f.pid = 0; }, "",
         "total: 6 events"},
        {"its name", [](DropFilter &f) { f.comm = "swapper/1"; }, "", "in_interrupt: 7 events"},
        {"what is asked of bytes that are not there", [](DropFilter &f) { f.packet = "udp"; }, "",
         "undecided: 13 events"},
        {"a part of the time, both ends in it", [](DropFilter &) {}, "0.1,0.5", "total: 5 events"},
        {"a part and a filter", [](DropFilter &f) { f.proto = "udp"; }, "@1.3,",
         "total: 11 events"},
    };
    for (const Asked &row : rows) {
        ReplayOptions options;
        row.set(options.filter);
        if (*row.slice)
            options.slice = *Slice::parse(row.slice);
        const auto shown = replay(record(drops()), options);
        ASSERT_TRUE(shown.status.ok()) << row.sentence;
        EXPECT_NE(shown.out.find(row.total), std::string::npos) << row.sentence << "\n"
                                                                << shown.out;
    }
}

TEST_F(ReplayTest, SelectsGroupsByTheirKeysOnly) {
    ReplayOptions options;
    options.filter.reasons = {"IP_CSUM"};
    const auto shown = replay(record({}), options);
    ASSERT_TRUE(shown.status.ok());
    EXPECT_NE(shown.out.find("total: 31 events, 37 packets"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("other: 3 events: were counted in no group"), std::string::npos);
    options.filter.proto = "udp";
    EXPECT_FALSE(replay(record({}), options).status.ok());
    ReplayOptions slice;
    slice.slice = *Slice::parse("0,1");
    EXPECT_FALSE(replay(record({}), slice).status.ok());
}

TEST_F(ReplayTest, CountsWhatARunThatWasKilledHadSeen) {
    const auto shown = replay(record(drops(), false));
    ASSERT_TRUE(shown.status.ok());
    EXPECT_NE(shown.out.find("total: 13 events, 13 packets, 598 bytes"), std::string::npos);
    EXPECT_NE(shown.out.find("truncated: 1 end: "), std::string::npos) << shown.out;
    const auto counted = replay(record({}, false));
    EXPECT_NE(counted.out.find("total: 54 events, 60 packets, 3560 bytes in 2.0 s"),
              std::string::npos)
        << counted.out;
}

// Wherever it is cut: no crash, and the loss is said.
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

TEST_F(ReplayTest, ReadsAFileThatIsCut) {
    const std::string whole = text_at(record(drops()));
    const size_t first = whole.find('\n');
    for (size_t bytes = first + 1; bytes < whole.size() - 1; bytes += 97) {
        const auto shown = replay(dir_.write("cut", std::string_view(whole).substr(0, bytes)));
        ASSERT_TRUE(shown.status.ok()) << bytes;
        EXPECT_NE(shown.out.find("truncated: 1 "), std::string::npos) << bytes;
    }
}

TEST_F(ReplayTest, PassesOverLinesThatItCannotRead) {
    std::string text = text_at(record(drops()));
    const size_t at = text.find('\n') + 1;
    text.insert(at, "{\"type\":\"drop\",\"schema\":1}\nrubbish\n\n");
    const auto shown = replay(dir_.write("bad", text));
    ASSERT_TRUE(shown.status.ok());
    EXPECT_NE(shown.out.find("bad_lines: 2 lines: could not be read; the first is line 2: field "
                             "\"time_ns\" is missing"),
              std::string::npos)
        << shown.out;
}

TEST_F(ReplayTest, SaysWhatAForeignFileIs) {
    const std::pair<std::string_view, const char *> rows[] = {
        {"", "is empty"},
        {"\n \n", "is empty"},
        {"hello\n", "not a JSON object"},
        {"{\"a\":1}\n", "\"type\" is missing"},
        {"{\"type\":\"session\",\"schema\":2}\n", "schema 2 is not known"},
        {"\xd4\xc3\xb2\xa1 pcap", "a pcap capture"},
        {"\x1f\x8b gzip", "gunzip"},
        {"\x7f\x45\x4c\x46 elf", "ELF"},
    };
    for (const auto &[bytes, words] : rows) {
        const auto shown = replay(dir_.write("foreign", bytes));
        ASSERT_FALSE(shown.status.ok()) << words;
        EXPECT_NE(shown.status.error().what.find(words), std::string::npos)
            << shown.status.error().what;
    }
    EXPECT_FALSE(replay(dir_.path()).status.ok()) << "a directory";
}

TEST_F(ReplayTest, WritesTheSamplesOfACountAsACapture) {
    PcapngSink capture(CaptureOptions{dir_.path() + "/out.pcapng", 0, 0, ""});
    ASSERT_TRUE(replay(record({}), {}, true, &capture).status.ok());
    EXPECT_GT(text_at(dir_.path() + "/out.pcapng").size(), 100u);
    std::vector<DropRecord> bare = drops();
    for (DropRecord &drop : bare)
        drop.packet.bytes.clear();
    PcapngSink nothing(CaptureOptions{dir_.path() + "/none.pcapng", 0, 0, ""});
    const auto refused = replay(record(bare), {}, true, &nothing);
    ASSERT_FALSE(refused.status.ok());
    EXPECT_NE(refused.status.error().what.find("no bytes of packets"), std::string::npos);
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
