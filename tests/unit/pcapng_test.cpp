// SPDX-License-Identifier: GPL-2.0-or-later
// Captures, read back block by block as draft-ietf-opsawg-pcapng has them. tshark's opinion is in
// tests/live/capture_test.cpp.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "packet_bytes.h"
#include "render/pcapng_sink.h"
#include "sample_report.h"
#include "temp_dir.h"

namespace whydrop {
namespace {

using test::Bytes;
using test::operator+;

template <typename T>
T number_at(const std::string &bytes, size_t at) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

struct ReadBlock {
    uint32_t type = 0;
    std::string body;
    std::map<uint16_t, std::string> options;
};

size_t fixed_bytes(uint32_t type) {
    switch (type) {
        case 1:
            return 8;
        case 5:
            return 12;
        case 6:
            return 20;
        default:
            return 16;
    }
}

// Nothing where the file is not a row of whole blocks.
std::vector<ReadBlock> blocks_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    std::vector<ReadBlock> blocks;
    for (size_t at = 0; at < bytes.size();) {
        if (bytes.size() - at < 12)
            return {};
        const auto length = number_at<uint32_t>(bytes, at + 4);
        if (length % 4 || length < 12 || length > bytes.size() - at ||
            number_at<uint32_t>(bytes, at + length - 4) != length)
            return {};
        ReadBlock block{number_at<uint32_t>(bytes, at), bytes.substr(at + 8, length - 12), {}};
        size_t option = fixed_bytes(block.type);
        if (block.type == 6)
            option += (number_at<uint32_t>(block.body, 12) + 3) / 4 * 4;
        while (option + 4 <= block.body.size()) {
            const auto code = number_at<uint16_t>(block.body, option);
            const auto size = number_at<uint16_t>(block.body, option + 2);
            if (!code)
                break;
            block.options[code] = block.body.substr(option + 4, size);
            option += 4 + (size + 3u) / 4 * 4;
        }
        blocks.push_back(std::move(block));
        at += length;
    }
    return blocks;
}

DropRecord lost(Bytes bytes, LinkType link = LinkType::ethernet) {
    DropRecord drop;
    drop.time_ns = 1'000'000'123;  // 123 ns into the run
    drop.reason = Reason{7, "IP_CSUM", "core"};
    drop.location = {0xffffffff81000000, "ip_rcv_core", 0x22c, ""};
    drop.dev = Device{"eth0", 2, 4026531840};
    drop.netns = 4026531840;
    drop.cause_id = "ipv4.checksum";
    drop.cause = "The checksum is wrong.";
    drop.packet.link = link;
    drop.packet.wire_bytes = static_cast<uint32_t>(bytes.size());
    drop.packet.bytes = std::move(bytes);
    return drop;
}

const Bytes frame = test::ethernet(0x0800, test::ipv4(17, test::udp(4097, 53, test::filled(5))));

std::vector<ReadBlock> capture(const std::vector<DropRecord> &drops, CaptureOptions options = {}) {
    const test::TempDir folder;
    options.path = folder.path() + "/capture";
    {
        PcapngSink sink(options);
        EXPECT_TRUE(sink.begin(sample::session()).ok());
        for (const DropRecord &drop : drops)
            EXPECT_TRUE(sink.record(drop).ok());
        EXPECT_TRUE(sink.end(sample::report(), {}).ok());
    }
    return blocks_of(options.path);
}

TEST(Pcapng, SaysWhoWroteItAndWhatWasAskedFor) {
    const auto blocks = capture({lost(frame)}, {"", 0, 0, "udp port 53"});
    ASSERT_EQ(blocks.size(), 4u) << "section, interface, packet, statistics";
    EXPECT_EQ(blocks[0].type, 0x0a0d0d0au);
    EXPECT_EQ(number_at<uint32_t>(blocks[0].body, 0), 0x1a2b3c4du);
    EXPECT_EQ(blocks[0].options.at(1), "whydrop drops -s");
    EXPECT_EQ(blocks[0].options.at(3), "Linux 6.18.0");
    EXPECT_EQ(blocks[0].options.at(4), "whydrop 0.1.0");
    EXPECT_EQ(blocks[1].type, 1u);
    EXPECT_EQ(number_at<uint16_t>(blocks[1].body, 0), 1) << "Ethernet";
    EXPECT_EQ(blocks[1].options.at(2), "eth0");
    EXPECT_EQ(blocks[1].options.at(3), "network namespace 4026531840");
    EXPECT_EQ(blocks[1].options.at(9), "\x09") << "nanoseconds";
    EXPECT_EQ(blocks[1].options.at(11), std::string(1, '\0') + "udp port 53");
    EXPECT_EQ(blocks[3].type, 5u);
    EXPECT_EQ(number_at<uint64_t>(blocks[3].options.at(8), 0), 1u);
    EXPECT_NE(blocks[3].options.at(1).find("1 packets captured"), std::string::npos);
}

TEST(Pcapng, APacketIsWholeAndSaysWhy) {
    DropRecord drop = lost(frame);
    drop.packet.wire_bytes = 1500;
    drop.packet.meta.direction = Direction::in;
    drop.task = {4242, "na\x1bme", false};
    drop.stack = {{0, "ip_rcv", 5, ""}, {0, "veth_poll", 6, "veth"}};
    const auto blocks = capture({drop});
    ASSERT_EQ(blocks.size(), 4u);
    const std::string &body = blocks[2].body;
    const uint64_t time =
        uint64_t{number_at<uint32_t>(body, 4)} << 32 | number_at<uint32_t>(body, 8);
    EXPECT_EQ(time, 1'700'000'000'000'000'123u);
    EXPECT_EQ(number_at<uint32_t>(body, 12), frame.size());
    EXPECT_EQ(number_at<uint32_t>(body, 16), 1500u);
    EXPECT_EQ(body.substr(20, frame.size()), std::string(frame.begin(), frame.end()));
    EXPECT_EQ(number_at<uint32_t>(blocks[2].options.at(2), 0), 1u | 1u << 2) << "in, unicast";
    EXPECT_EQ(blocks[2].options.at(1),
              "reason: IP_CSUM\nlocation: ip_rcv_core+0x22c\n"
              "cause: ipv4.checksum: The checksum is wrong.\nprocess: na\\x1bme (4242)\nstack:\n"
              "  ip_rcv+0x5\n  veth_poll+0x6 [veth]");
}

TEST(Pcapng, EachKindOfLinkAndDeviceIsAnInterface) {
    DropRecord tagged = lost(frame), elsewhere = lost(frame), nowhere = lost(frame);
    tagged.packet.meta.vlan = Vlan{.tpid = 0x88a8, .id = 7, .priority = 3, .drop_eligible = true};
    tagged.packet.meta.direction = Direction::out;
    elsewhere.netns = elsewhere.dev->netns = 4026532000;
    nowhere.dev.reset();
    nowhere.packet.link = LinkType::none;
    const Bytes ip(frame.begin() + 14, frame.end());
    const auto blocks =
        capture({lost(frame), tagged, elsewhere, lost(ip, LinkType::ip), nowhere, lost(frame)});
    std::vector<uint16_t> links;
    std::vector<uint32_t> interfaces;
    for (const ReadBlock &block : blocks) {
        if (block.type == 1)
            links.push_back(number_at<uint16_t>(block.body, 0));
        if (block.type == 6)
            interfaces.push_back(number_at<uint32_t>(block.body, 0));
    }
    EXPECT_EQ(links, (std::vector<uint16_t>{1, 1, 101, 147}));
    EXPECT_EQ(interfaces, (std::vector<uint32_t>{0, 0, 1, 2, 3, 0}));
    // The tag is where it was on the wire, and counts.
    const std::string &body = blocks[3].body;
    EXPECT_EQ(number_at<uint32_t>(body, 12), frame.size() + 4);
    EXPECT_EQ(number_at<uint32_t>(body, 16), frame.size() + 4);
    const Bytes with_tag = Bytes(frame.begin(), frame.begin() + 12) + test::be16(0x88a8) +
                           test::be16(0x7007) + Bytes(frame.begin() + 12, frame.end());
    EXPECT_EQ(body.substr(20, with_tag.size()), std::string(with_tag.begin(), with_tag.end()));
    EXPECT_EQ(number_at<uint32_t>(blocks[3].options.at(2), 0), 2u) << "out";
}

TEST(Pcapng, FilesAreCalledAsTcpdumpCallsThem) {
    const struct {
        uint64_t rotate;
        unsigned files;
        std::vector<std::string> names;
    } rows[] = {
        {0, 0, {"f", "f", "f"}},    {1, 0, {"f", "f1", "f2"}},      {1, 1, {"f", "f", "f"}},
        {1, 2, {"f0", "f1", "f0"}}, {1, 11, {"f00", "f01", "f02"}},
    };
    for (const auto &row : rows)
        for (unsigned i = 0; i < row.names.size(); i++)
            EXPECT_EQ(capture_name({"f", row.rotate, row.files, ""}, i), row.names[i])
                << row.files << " files, number " << i;
}

TEST(Pcapng, EveryFileOfARotationIsWhole) {
    const test::TempDir folder;
    const CaptureOptions options{folder.path() + "/f", 1000, 3, ""};
    constexpr size_t packets = 37;
    {
        PcapngSink sink(options);
        ASSERT_TRUE(sink.begin(sample::session()).ok());
        for (size_t i = 0; i < packets; i++)
            ASSERT_TRUE(sink.sample(lost(frame)).ok());
        ASSERT_TRUE(sink.end(sample::report(), {}).ok());
    }
    size_t files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder.path())) {
        files++;
        const auto blocks = blocks_of(entry.path());
        ASSERT_GE(blocks.size(), 4u) << entry.path();
        EXPECT_EQ(blocks[0].type, 0x0a0d0d0au);
        EXPECT_EQ(blocks[1].type, 1u);
        EXPECT_EQ(blocks.back().type, 5u);
        EXPECT_LT(entry.file_size(), 1600u) << "the limit, one packet and the end";
    }
    EXPECT_EQ(files, 3u);
}

// As on a full disk: the write that does not fit is taken in part.
TEST(Pcapng, AFullDiskEndsItBehindAWholePacketAndTheRestIsCounted) {
    ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    const test::TempDir folder;
    const CaptureOptions options{folder.path() + "/f", 0, 0, ""};
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    constexpr size_t packets = 23;
    Losses losses;
    {
        PcapngSink sink(options);
        ASSERT_TRUE(sink.begin(sample::session()).ok());
        const rlimit small{2001, before.rlim_max};
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
        for (size_t i = 0; i < packets; i++) {
            EXPECT_TRUE(sink.record(lost(frame)).ok());
            EXPECT_TRUE(i % 5 || sink.flush().ok());
        }
        EXPECT_TRUE(sink.flush().ok());
        losses = sink.losses();
        EXPECT_TRUE(sink.end(sample::report(), losses).ok());
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    }
    size_t kept = 0;
    for (const ReadBlock &block : blocks_of(options.path))
        kept += block.type == 6;
    EXPECT_GT(kept, 0u);
    ASSERT_EQ(losses.size(), 1u);
    EXPECT_EQ(losses[0].kind, "capture");
    EXPECT_EQ(losses[0].unit, "packets");
    EXPECT_EQ(losses[0].count + kept, packets);
    EXPECT_NE(losses[0].detail.find("File too large"), std::string::npos) << losses[0].detail;
}

}  // namespace
}  // namespace whydrop
