// SPDX-License-Identifier: GPL-2.0-or-later
// Runs as -o writes them, read again: the same report, other tables of it, and what is said of
// files that are damaged or none of ours.
#include "engine/replay.h"

#include <gtest/gtest.h>

#include <functional>

#include "codec/json.h"
#include "render/pcapng_sink.h"
#include "replay_fixture.h"

namespace whydrop {
namespace {

using test::ReplayTest;
using test::report;
using test::set_by;
using test::text_at;

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

}  // namespace
}  // namespace whydrop
