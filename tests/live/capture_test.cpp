// SPDX-License-Identifier: GPL-2.0-or-later
// Captures of drops that were really caused, as tshark reads them: field by field against the
// recording of the same run, and against what was sent.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../unit/packet_bytes.h"
#include "../unit/temp_dir.h"
#include "lab/frames.h"
#include "observer.h"

namespace whydrop::live {
namespace {

using test::Bytes;
using test::operator+;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

const std::string kWhydrop = WHYDROP_BINARY, kLabTool = WHYDROP_LAB_TOOL;

// A row per packet, a column per field; nothing where tshark found something wrong with the file.
std::vector<Words> tshark(const std::string &file, const Words &fields) {
    Words words = {"tshark", "-n", "-r", file, "-T", "fields", "-E", "separator=|"};
    for (const std::string &field : fields)
        words.insert(words.end(), {"-e", field});
    const Finished done = run_process(words);
    EXPECT_EQ(done.status, 0) << done.err;
    std::vector<Words> rows;
    std::istringstream lines(done.out);
    for (std::string line; std::getline(lines, line);) {
        Words row(1);
        for (const char c : line) {
            if (c == '|')
                row.emplace_back();
            else
                row.back() += c;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Json> lines_of(const std::string &file, const std::string &type) {
    std::vector<Json> found;
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        Json json = Json::parse(line);
        if (json.value("type", "") == type)
            found.push_back(std::move(json));
    }
    return found;
}

Bytes with_tag(const Bytes &frame, uint16_t tpid, uint16_t control) {
    return Bytes(frame.begin(), frame.begin() + 12) + test::be16(tpid) + test::be16(control) +
           Bytes(frame.begin() + 12, frame.end());
}

class Captures : public testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = why_not_here(kWhydrop); !why.empty())
            GTEST_SKIP() << why;
        auto network = LabNetwork::create();
        ASSERT_TRUE(network.ok()) << network.error().what;
        network_.emplace(std::move(*network));
    }
    [[nodiscard]] std::string here() const { return std::to_string(network_->inode(Side::rx)); }
    [[nodiscard]] std::string path(const std::string &name) const {
        return folder_.path() + "/" + name;
    }
    test::TempDir folder_;
    std::optional<LabNetwork> network_;
};

struct Sent {
    const char *sentence;
    Bytes frame;
    uint64_t times;
    const char *service_tag, *vlan, *ports, *vni;  // as tshark says them
};

std::vector<Sent> frames(const LabNetwork &network) {
    FrameSpec spec = frame_between(network, Side::tx);
    spec.checksum_error = 0x0100;
    const Bytes plain = build_frame(spec);
    FrameSpec outer = frame_between(network, Side::tx);
    outer.checksum_error = 0x0100;
    outer.dport = 4789;
    const Bytes inside =
        test::vxlan(7, test::ethernet(0x0800, test::ipv4(17, test::udp(4097, 53, {}))));
    outer.payload_bytes = static_cast<uint16_t>(inside.size());
    Bytes tunnel = build_frame(outer);
    std::copy(inside.begin(), inside.end(), tunnel.end() - static_cast<long>(inside.size()));
    return {
        {"a datagram", plain, 7, "", "", "9", ""},
        {"a tag, which the kernel moves into metadata", with_tag(plain, 0x8100, 0x6065), 5, "",
         "101", "9", ""},
        {"two tags", with_tag(with_tag(plain, 0x8100, 19), 0x88a8, 7), 3, "7", "19", "9", ""},
        {"a tunnel", tunnel, 11, "", "", "4789,53", "7"},
    };
}

bpf_insn insn(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
    bpf_insn made{};
    made.code = code;
    made.dst_reg = dst & 15;
    made.src_reg = src & 15;
    made.off = off;
    made.imm = imm;
    return made;
}

// Drops what comes in on the receiving side before anybody has looked at it: a tag is then still
// where the kernel has put it, beside the bytes. The sender's own last frame passes.
Status drop_at_ingress(const LabNetwork &network) {
    auto inside = network.enter(Side::rx);
    if (!inside)
        return inside.error();
    constexpr int pass = 0, shot = 2;  // TC_ACT_*
    constexpr uint16_t of_sender = 0x88b6;
    const bpf_insn drop[] = {
        insn(BPF_LDX | BPF_MEM | BPF_W, 2, 1, offsetof(__sk_buff, protocol), 0),
        insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, shot),
        insn(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 1, htons(of_sender)),
        insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, pass),
        insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    const Fd program(
        bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "drop", "GPL", drop, std::size(drop), nullptr));
    if (!program)
        return errno_error("cannot load the program that drops", errno);
    bpf_tc_hook hook{};
    hook.sz = sizeof hook;
    hook.ifindex = static_cast<int>(network.port(Side::rx).ifindex);
    hook.attach_point = BPF_TC_INGRESS;
    if (const int err = bpf_tc_hook_create(&hook))
        return errno_error("cannot make the hook", -err);
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.prog_fd = program.get();
    if (const int err = bpf_tc_attach(&hook, &options))
        return errno_error("cannot attach at ingress", -err);
    return success();
}

// What the recording says of a packet, as tshark writes it.
void compare(const Words &row, const Json &drop, const Json &session) {
    SCOPED_TRACE(drop.dump());
    const Json &packet = drop["packet"];
    const size_t tag = packet.contains("vlan") ? 4 : 0;
    const uint64_t ns = session["start_unix_ns"].get<uint64_t>() + drop["time_ns"].get<uint64_t>() -
                        session["start_ns"].get<uint64_t>();
    const std::string fraction = std::to_string(ns % 1'000'000'000);
    EXPECT_EQ(row[0], std::to_string(ns / 1'000'000'000) + "." +
                          std::string(9 - fraction.size(), '0') + fraction);
    EXPECT_EQ(row[1], std::to_string(packet["wire_bytes"].get<size_t>() + tag));
    EXPECT_EQ(row[2], std::to_string(packet["bytes_hex"].get<std::string>().size() / 2 + tag));
    EXPECT_EQ(row[3], drop["dev"].get<std::string>());
    EXPECT_EQ(row[4], "network namespace " + std::to_string(drop["netns"].get<uint64_t>()));
    EXPECT_EQ(packet.value("direction", ""), "in");
    EXPECT_EQ(row[5], "0x00000001");
    const std::string &comment = row[6];
    const std::string reason = drop.contains("reason") ? drop["reason"].get<std::string>() : "";
    EXPECT_EQ(comment.find("reason: " + reason) != std::string::npos, !reason.empty());
    EXPECT_NE(comment.find("location: " + drop["location"]["symbol"].get<std::string>() + "+0x"),
              std::string::npos);
    EXPECT_NE(comment.find("cause: " + drop["cause_id"].get<std::string>() + ": " +
                           drop["cause"].get<std::string>()),
              std::string::npos);
    ASSERT_FALSE(drop["stack"].empty());
    for (const Json &frame : drop["stack"])
        EXPECT_NE(comment.find("\\n  " + frame.get<std::string>()), std::string::npos) << frame;
}

TEST_F(Captures, AreReadByTsharkFieldByField) {
    Observer observer(
        {"-n", here(), "--each", "-s", "--pcapng", path("capture"), "-o", path("record")});
    ASSERT_TRUE(observer.attached()) << observer.wait().losses;
    const auto dropping = drop_at_ingress(*network_);
    ASSERT_TRUE(dropping.ok()) << dropping.error().what;
    auto sender = FrameSender::open(*network_, Side::tx);
    ASSERT_TRUE(sender.ok()) << sender.error().what;
    const auto sent = frames(*network_);
    uint64_t total = 0;
    for (const Sent &frame : sent) {
        ASSERT_TRUE(sender->send(frame.frame, frame.times).ok()) << frame.sentence;
        total += frame.times;
    }
    const Tally tally = observer.stop();
    EXPECT_EQ(tally.all(), total);
    const auto rows = tshark(
        path("capture"), {"frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name",
                          "frame.interface_description", "frame.packet_flags_direction",
                          "frame.comment", "ieee8021ad.id", "vlan.id", "udp.dstport", "vxlan.vni"});
    const auto session = lines_of(path("record"), "session"),
               drops = lines_of(path("record"), "drop");
    ASSERT_EQ(session.size(), 1u);
    ASSERT_EQ(rows.size(), total);
    ASSERT_EQ(drops.size(), total);
    size_t at = 0;
    for (const Sent &frame : sent)
        for (uint64_t i = 0; i < frame.times; i++, at++) {
            SCOPED_TRACE(frame.sentence);
            ASSERT_EQ(rows[at].size(), 11u);
            compare(rows[at], drops[at], session[0]);
            EXPECT_EQ(rows[at][1], std::to_string(frame.frame.size()));
            EXPECT_EQ(rows[at][7], frame.service_tag);
            EXPECT_EQ(rows[at][8], frame.vlan);
            EXPECT_EQ(rows[at][9], frame.ports);
            EXPECT_EQ(rows[at][10], frame.vni);
        }
}

TEST_F(Captures, WithoutEachHoldTheSamplesWhileTheRunGoesOn) {
    Observer observer({"-n", here(), "--pcapng", path("capture"), "udp dst port 9"});
    ASSERT_TRUE(observer.attached());
    ASSERT_TRUE(flood(*network_, 503, 1).ok());
    const auto followed = [this] { return tshark(path("capture"), {"frame.comment"}).size() >= 4; };
    EXPECT_TRUE(comes_true(followed, std::chrono::seconds(20))) << "a reader can follow";
    EXPECT_FALSE(observer.process().has_ended());
    const Tally tally = observer.stop();
    EXPECT_EQ(tally.all(), 503u);
    const auto rows = tshark(path("capture"), {"udp.dstport", "frame.comment"});
    ASSERT_EQ(tally.groups.size(), 1u);
    EXPECT_EQ(rows.size(), tally.groups[0]["samples"].size());
    for (const Words &row : rows) {
        EXPECT_EQ(row[0], "9");
        EXPECT_NE(row[1].find("cause: " + tally.groups[0]["cause_id"].get<std::string>()),
                  std::string::npos);
    }
}

TEST_F(Captures, OnStdoutTakeThePlaceOfText) {
    const Finished done = run_process({kWhydrop, "drops", "--each", "icmp and host 10.77.0.2",
                                       "--pcapng", "-", "--", kLabTool, "run", "icmp.checksum", "7",
                                       std::to_string(network_->inode(Side::tx)), here()});
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_NE(done.err.find("total: 7 events"), std::string::npos) << done.err;
    // What lab_tool itself says would stand on stdout as well: it stands behind the capture.
    const size_t said = done.out.find(R"({"id":"icmp.checksum")");
    ASSERT_NE(said, std::string::npos);
    EXPECT_EQ(done.out.find("\x0a\x0d\x0d\x0a"), 0u);
}

// Sent by this host: no link header, and the other program of the filter.
TEST_F(Captures, OfPacketsThatWereAboutToBeSentBeginWithTheIpHeader) {
    const Finished done = run_process(
        {kWhydrop, "drops", "--each", "-q", "udp and not ip6", "--pcapng", path("capture"), "--",
         kLabTool, "run", "neigh.failed", "7", std::to_string(network_->inode(Side::tx)), here()});
    ASSERT_EQ(done.status, 0) << done.err;
    const auto rows = tshark(path("capture"),
                             {"frame.protocols", "frame.packet_flags_direction", "frame.comment"});
    ASSERT_EQ(rows.size(), 7u) << done.out;
    for (const Words &row : rows) {
        EXPECT_TRUE(row[0].starts_with("raw:ip:udp")) << row[0];
        EXPECT_EQ(row[1], "0x00000002") << "out";
        EXPECT_NE(row[2].find("neigh.failed"), std::string::npos) << row[2];
    }
}

// A MAC address is asked for, and there is no link header yet: neither counted nor forgotten.
TEST_F(Captures, WhatAFilterCannotDecideIsALoss) {
    const std::string tx = std::to_string(network_->inode(Side::tx));
    for (const bool each : {false, true}) {
        Words words = {
            kWhydrop, "drops", "-f", "json", "-n", here(), "ether host 02:00:00:00:00:01"};
        if (each)
            words.emplace_back("--each");
        words.insert(words.end(), {"--", kLabTool, "run", "neigh.failed", "7", tx, here()});
        const Finished done = run_process(words);
        ASSERT_EQ(done.status, 0) << done.err;
        std::string lines = done.out;
        lines.erase(lines.find(R"({"id":)"),
                    lines.find('\n', lines.find(R"({"id":)")) - lines.find(R"({"id":)") + 1);
        const Tally tally = tally_of(lines);
        EXPECT_EQ(tally.total_events, 0u);
        EXPECT_EQ(tally.loss("undecided"), 7u);
        EXPECT_EQ(tally.all(), 7u);
    }
}

TEST_F(Captures, RotateWithoutLosingAPacket) {
    Observer observer({"-n", here(), "--each", "--pcapng", path("capture"), "-C", "1"});
    ASSERT_TRUE(observer.attached());
    ASSERT_TRUE(flood(*network_, 5003, 1).ok());
    EXPECT_EQ(observer.stop().all(), 5003u);
    size_t files = 0, packets = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder_.path())) {
        files++;
        packets += tshark(entry.path(), {"frame.number"}).size();
        EXPECT_LT(entry.file_size(), 1'001'000u);
    }
    EXPECT_EQ(files, 2u);
    EXPECT_EQ(packets, 5003u);
}

TEST_F(Captures, OnAFullDiskEndWithAWholePacketAndCountTheRest) {
    // The disk is of our own mount namespace and gone with it.
    const std::string script = "mount -t tmpfs -o size=256k none " + folder_.path() + " && " +
                               kWhydrop + " drops -f json --each -c 5003 -n " + here() +
                               " --pcapng " + path("capture") + "; status=$?; cat " +
                               path("capture") + " >&2; exit $status";
    Running process({"unshare", "-m", "sh", "-c", script});
    ASSERT_TRUE(
        comes_true([&] { return process.has_said(R"("type":"session")") || process.has_ended(); },
                   std::chrono::seconds(20)));
    ASSERT_TRUE(flood(*network_, 5003, 1).ok());
    const Finished done = process.finish();
    ASSERT_EQ(done.status, 0);
    const Tally tally = tally_of(done.out);
    EXPECT_EQ(tally.all(), 5003u);
    EXPECT_GT(tally.loss("capture"), 0u);
    const std::string kept = folder_.write("kept", done.err);
    const size_t packets = tshark(kept, {"frame.number"}).size();
    EXPECT_GT(packets, 0u);
    EXPECT_EQ(packets + tally.loss("capture"), 5003u);
}

}  // namespace
}  // namespace whydrop::live
