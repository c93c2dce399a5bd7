// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "codec/json.h"
#include "codec/values.h"
#include "model/text.h"
#include "sample_report.h"

namespace whydrop {
namespace {

JsonLine read_back(const std::string &line) {
    JsonLine value;
    Status read = from_json(line, value);
    EXPECT_TRUE(read.ok()) << line << "\n" << (read ? "" : read.error().what);
    return value;
}

std::string write_again(const JsonLine &value) {
    struct Writer {
        std::string operator()(const Session &v) const { return to_json(v); }
        std::string operator()(const DropRecord &v) const { return to_json(v); }
        std::string operator()(const GroupLine &v) const { return to_json(v.group, v.final); }
        std::string operator()(const TotalLine &v) const {
            return total_to_json(v.report, v.report.final);
        }
        std::string operator()(const Losses &v) const { return losses_to_json(v); }
        std::string operator()(const Feature &v) const { return to_json(v); }
    };
    return std::visit(Writer{}, value);
}

DropGroup without_samples(DropGroup group) {
    group.samples.clear();
    return group;
}

TEST(Json, GroupHasTheFieldsOfSchemaOne) {
    DropGroup group = without_samples(sample::report().groups[0]);
    group.explanation->usual.clear();
    EXPECT_EQ(to_json(group, true),
              R"({"type":"drop_group","schema":1,"final":true,"by":["reason","location","dev"],)"
              R"("reason":"IP_CSUM","reason_code":14,"subsystem":"core","derived":false,)"
              R"("cause_id":"ipv4.checksum","location":{"symbol":"ip_rcv_core","offset":512,)"
              R"("address":"0xffffffff81234200"},"dev":"v1","ifindex":5,"netns":4026532174,)"
              R"("events":31,"packets":37,"bytes":1861,"first_ns":1500000000,)"
              R"("last_ns":3500000000,"stack":["ip_rcv_core+0x200","veth_poll+0x11 [veth]"],)"
              R"("folded":false,"explanation":{"cause":"The checksum in the IPv4 header does not )"
              R"(fit the header.","evidence":["the header says 0x1b2c, right is 0x9f31"],)"
              R"("next":["ethtool -K v1 rx off","ip netns exec NETNS tcpdump -vvni v1"],)"
              R"("samples_agree":7,"samples_seen":7}})");
}

TEST(Json, UnknownIsAbsent) {
    DropGroup group;
    group.keys =
        static_cast<GroupKeys>(GroupKey::reason) | static_cast<GroupKeys>(GroupKey::location);
    group.location = Symbol{0, "f", 1, ""};  // hidden address, no reason on this kernel
    EXPECT_EQ(to_json(group, false),
              R"({"type":"drop_group","schema":1,"final":false,"by":["reason","location"],)"
              R"("location":{"symbol":"f","offset":1},"events":0,"packets":0,"bytes":0,)"
              R"("first_ns":0,"last_ns":0,"folded":false})");
}

TEST(Json, TotalAndLosses) {
    EXPECT_EQ(total_to_json(sample::report(), true),
              R"({"type":"drop_total","schema":1,"final":true,"by":["reason","location","dev"],)"
              R"("from_ns":1000000000,"to_ns":3000000000,)"
              R"("total":{"events":54,"packets":60,"bytes":3560},)"
              R"("other":{"events":3,"packets":3,"bytes":181},"other_groups":2,)"
              R"("in_period":{"events":11,"packets":11,"bytes":607}})");
    EXPECT_EQ(losses_to_json({}), R"({"type":"losses","schema":1,"losses":[]})");
}

DropGroup every_key() {
    DropGroup group = sample::report().groups[0];
    group.keys = 0x3ff;
    group.netns = 4026532174;
    group.proto = "ipv4";
    group.l4proto = "udp";
    group.flow = Flow{sample::ipv4(1), sample::ipv4(2), 1234, 53, 17};
    group.src = sample::ipv4(1);
    group.dst = sample::ipv4(2);
    group.comm = "(softirq)";
    return group;
}

DropRecord every_header() {
    DropRecord drop = sample::record();
    PacketLevel level = drop.packet.levels[0];
    level.tunnel = Tunnel{TunnelKind::vxlan, 42};
    level.tcp = Tcp{1, 2, 3, 4, 20, 0x12, 5, 6, 7};
    level.icmp = Icmp{8, 0, 1, 2, 3, 5};
    level.icmpv6 = Icmp{128, 0, 1, {}, {}, {}};
    level.sctp = Sctp{7, 11, 13};
    level.arp = Arp{1, {1, 2, 3, 4, 5, 6}, {}, sample::ipv4(3), sample::ipv4(5)};
    level.ipv6 = Ipv6{
        *parse_ip("fe80::1"), *parse_ip("2001:db8::2"), 1, 64, 17, 100, 58, {0, 44}, 1480, true};
    drop.packet.levels.push_back(level);
    drop.packet.meta.vlan = Vlan{0x88a8, 100, 5, false, true};
    drop.packet.meta.gso_segs = 3;
    drop.packet.meta.gso_size = 1448;
    drop.packet.malformed = "IPv4 header length 3";
    drop.stack = {{0, "kfree_skb", 1, ""}, {0xffffffffc0000001, "", 0, ""}};
    return drop;
}

DropGroup received() {
    DropGroup group;
    group.event = PacketEvent::receive;
    group.keys = static_cast<GroupKeys>(GroupKey::dev) | static_cast<GroupKeys>(GroupKey::pkt_type);
    group.dev = Device{"eth0", 2, 4026531840};
    group.pkt_type = PacketType::broadcast;
    group.count = {31, 37, 1861};
    return group;
}

DropRecord received_packet() {
    DropRecord record = sample::record();
    record.event = PacketEvent::receive;
    record.reason.reset();
    record.location = {};
    return record;
}

Report received_in_all() {
    Report report = sample::report();
    report.event = PacketEvent::receive;
    return report;
}

TEST(Json, RoundTrip) {
    struct Row {
        const char *what;
        std::string line;
    };
    const Row rows[] = {
        {"a session with notes", to_json(sample::session())},
        {"an empty session", to_json(Session{})},
        {"a group with stack, samples and explanation", to_json(sample::report().groups[0], true)},
        {"a derived group", to_json(sample::report().groups[1], false)},
        {"a group without device and with a nameless reason",
         to_json(sample::report().groups[2], true)},
        {"a group with every key", to_json(every_key(), true)},
        {"a drop", to_json(sample::record())},
        {"a drop with every header", to_json(every_header())},
        {"a drop nothing is known of", to_json(DropRecord{})},
        {"the totals", total_to_json(sample::report(), true)},
        {"losses", losses_to_json(sample::losses())},
        {"what was received", to_json(received(), true)},
        {"a packet that was received", to_json(received_packet())},
        {"the totals of what was received", total_to_json(received_in_all(), true)},
        {"a feature", to_json(Feature{"btf", true, true, "1 MiB", "install it"})},
    };
    for (const Row &row : rows)
        EXPECT_EQ(write_again(read_back(row.line)), row.line) << row.what;
}

TEST(Json, ReadsWhatWasMeant) {
    auto line = std::get<GroupLine>(read_back(to_json(every_key(), true)));
    EXPECT_TRUE(line.final);
    EXPECT_EQ(line.group.keys, 0x3ffu);
    EXPECT_EQ(line.group.flow, every_key().flow);
    EXPECT_EQ(line.group.location, every_key().location);
    EXPECT_EQ(line.group.count, (Count{31, 37, 1861}));
    EXPECT_EQ(line.group.samples.at(0).packet.bytes, sample::udp_packet().bytes);
    EXPECT_EQ(line.group.explanation->cause_id, "ipv4.checksum");
    auto drop = std::get<DropRecord>(read_back(to_json(every_header())));
    EXPECT_EQ(drop.packet.levels.at(1).ipv6->src, parse_ip("fe80::1"));
    EXPECT_EQ(drop.packet.levels.at(1).tunnel->id, 42u);
    EXPECT_EQ(drop.packet.meta.type, PacketType::other_host);
    EXPECT_EQ(drop.task.in_interrupt, true);
    EXPECT_EQ(drop.stack.at(1).address, 0xffffffffc0000001);
}

TEST(Json, WhatWasReceivedIsNoDrop) {
    const auto line = std::get<GroupLine>(read_back(to_json(received(), true)));
    EXPECT_EQ(line.group.event, PacketEvent::receive);
    EXPECT_EQ(line.group.pkt_type, PacketType::broadcast);
    const std::string packet = to_json(received_packet());
    EXPECT_EQ(packet.find("location"), std::string::npos) << packet;
    EXPECT_EQ(std::get<DropRecord>(read_back(packet)).event, PacketEvent::receive);
    const auto total = std::get<TotalLine>(read_back(total_to_json(received_in_all(), true)));
    EXPECT_EQ(total.report.event, PacketEvent::receive);
}

TEST(Json, WhatXdpLostStandsInTheTotals) {
    Report report;
    EXPECT_EQ(total_to_json(report, true).find("xdp"), std::string::npos);
    report.xdp = {{"ABORTED", "parse 42", "eth0", 13}, {"cpumap: full", "", "", 7}};
    const auto total = std::get<TotalLine>(read_back(total_to_json(report, true)));
    ASSERT_EQ(total.report.xdp.size(), 2u);
    EXPECT_EQ(total.report.xdp[0].program, "parse 42");
    EXPECT_EQ(total.report.xdp[0].frames, 13u);
    EXPECT_EQ(total.report.xdp[1].error, "cpumap: full");
    EXPECT_EQ(total.report.xdp[1].dev, "");
}

TEST(Json, AnyBytesBecomeValidUtf8) {
    DropGroup group;
    group.comm = std::string("a\xff\xc3(\0\x1b[2J", 9);
    std::string line = to_json(group, false);
    EXPECT_NE(line.find("\xef\xbf\xbd"), std::string::npos) << line;
    for (char c : line)
        EXPECT_GE(static_cast<unsigned char>(c), 0x20) << line;
    EXPECT_EQ(write_again(read_back(line)), line);
}

std::string replaced(std::string line, const std::string &from, const std::string &to) {
    size_t at = line.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? line : line.replace(at, from.size(), to);
}

TEST(Json, BadInputIsAnError) {
    const std::string group = to_json(sample::report().groups[0], true);
    const std::string drop = to_json(sample::record());
    struct Row {
        const char *what;
        std::string line;
        const char *says;
    };
    const Row rows[] = {
        {"nothing", "", "not a JSON object"},
        {"half a line", group.substr(0, group.size() / 2), "not a JSON object"},
        {"an array", "[1]", "not a JSON object"},
        {"no type", R"({"schema":1})", "\"type\" is missing"},
        {"a type that is a number", R"({"type":1,"schema":1})", "\"type\" is missing"},
        {"no schema", R"({"type":"losses"})", "\"schema\" is missing"},
        {"a schema to come", R"({"type":"losses","schema":2})", "schema 2 is not known"},
        {"a type to come", R"({"type":"x\u001b","schema":1})", "x\\u001b"},
        {"a count below zero", replaced(group, ":31,", ":-31,"), "\"events\""},
        {"a count with a fraction", replaced(group, ":31,", ":3.1,"), "\"events\""},
        {"a count past 64 bits", replaced(group, ":31,", ":99999999999999999999,"), "\"events\""},
        {"an ifindex past 32 bits", replaced(group, ":5,", ":4294967296,"), "too large"},
        {"a key nobody has", replaced(group, "\"by\":[\"reason\"", "\"by\":[\"x\""), "\"by\""},
        {"a field gone", replaced(group, "\"bytes\"", "\"Bytes\""), "\"bytes\" is missing"},
        {"an address that is none", replaced(drop, "\"10.0.0.1\"", "\"10.0.0.256\""), "levels"},
        {"a MAC that is none", replaced(drop, "dst\":\"52:54:", "dst\":\"52-54:"), "levels"},
        {"odd hexadecimal", replaced(drop, "525400", "52540"), "hexadecimal"},
        {"a kind of packet nobody has", replaced(drop, "other_host", "another"), "pkt_type"},
        {"an object for a list", replaced(group, "\"stack\":[", "\"stack\":{\"a\":["), "JSON"},
        {"a list for an object",
         R"({"type":"drop_total","schema":1,"final":true,"by":[],"from_ns":0,"to_ns":0,"total":[]})",
         "\"total\""},
    };
    for (const Row &row : rows) {
        JsonLine value;
        Status read = from_json(row.line, value);
        ASSERT_FALSE(read.ok()) << row.what;
        EXPECT_EQ(read.error().code, Errc::usage) << row.what;
        EXPECT_NE(read.error().what.find(row.says), std::string::npos)
            << row.what << ": " << read.error().what;
    }
}

// Every line cut at every byte, and every byte replaced by a few that mean something in JSON.
TEST(Json, DamagedLinesNeverCrash) {
    size_t errors = 0;
    for (const std::string &line : {to_json(every_key(), true), to_json(every_header()),
                                    total_to_json(sample::report(), true)}) {
        for (size_t i = 0; i < line.size(); ++i) {
            JsonLine value;
            errors += !from_json(line.substr(0, i), value).ok();
            for (char c : {'"', '{', '}', '9', '-', '\xff', '\0'}) {
                std::string damaged = line;
                damaged[i] = c;
                errors += !from_json(damaged, value).ok();
            }
        }
    }
    EXPECT_GT(errors, 10007u);
    JsonLine value;
    EXPECT_FALSE(from_json(std::string(100003, '['), value).ok());
}

TEST(Values, TextsThatAreNoValues) {
    for (const char *text : {"", "1:2:3:4:5:6", "52:54:00:12:34:5g", "52:54:00:12:34:56:"})
        EXPECT_FALSE(parse_mac(text)) << text;
    for (const char *text : {"10.0.0", "10.0.0.1.", "fe80::g", ":::"})
        EXPECT_FALSE(parse_ip(text)) << text;
    for (const char *text : {" > ", "a > b tcp", "10.0.0.1:1 > 10.0.0.2:2",
                             "10.0.0.1:70000 > 10.0.0.2:2 tcp", "10.0.0.1 > 10.0.0.2 nothing"})
        EXPECT_FALSE(parse_flow(text)) << text;
    for (const char *text : {"0xzz", "f+0xzz", "f+12"})
        EXPECT_FALSE(parse_symbol(text)) << text;
}

TEST(Values, FlowsComeBack) {
    for (const char *text :
         {"10.0.0.1:1234 > 10.0.0.2:80 tcp", "[fe80::1]:53 > [2001:db8::2]:1 udp",
          "10.0.0.1 > 10.0.0.2 icmp", "fe80::1 > ff02::1 icmpv6", "?:7 > 10.0.0.2:80 tcp",
          "10.0.0.1 > 10.0.0.2 254"}) {
        auto flow = parse_flow(text);
        ASSERT_TRUE(flow) << text;
        EXPECT_EQ(to_text(*flow), text);
    }
}

}  // namespace
}  // namespace whydrop
