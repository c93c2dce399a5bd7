// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever is asked of `whydrop receive`, what was sent is what it counts: groups + other + losses.
// Numbers are primes, so that something counted twice, or by halves, shows.
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <array>
#include <set>

#include "lab/frames.h"
#include "observer.h"

namespace whydrop::live {
namespace {

using Words = std::vector<std::string>;
using Json = nlohmann::json;

class Receive : public testing::Test {
  protected:
    void SetUp() override {
        auto network = LabNetwork::create();
        ASSERT_TRUE(network.ok()) << network.error().what;
        network_.emplace(std::move(*network));
    }
    [[nodiscard]] Words on_lab(Words words) const {
        words.insert(words.end(), {"-n", std::to_string(network_->inode(Side::rx))});
        return words;
    }
    // Runs it while these frames go to the receiving side.
    Tally tally_while(Words words, const std::vector<uint8_t> &frame, uint64_t times) {
        Observer observer(on_lab(std::move(words)), "receive");
        EXPECT_TRUE(observer.attached());
        auto sender = FrameSender::open(*network_, Side::tx);
        EXPECT_TRUE(sender.ok());
        if (sender) {
            const Status sent = sender->send(frame, times);
            EXPECT_TRUE(sent.ok());
        }
        Tally tally = observer.stop();
        EXPECT_EQ(observer.finished().status, 0) << observer.finished().err;
        return tally;
    }
    std::optional<LabNetwork> network_;
};

TEST_F(Receive, EveryWayOfCountingGivesWhatWasSent) {
    const std::vector<CountingRow> rows = {
        {"the default keys: one device, one protocol, one type", {}, 503, 2003, 1, false},
        {"flows, a group each", {"--by", "flow"}, 101, 1009, 101, false},
        {"flows by type", {"--by", "flow,pkt_type"}, 101, 1009, 101, false},
        {"the widest key", {"--by", "flow,dev,comm,proto,pkt_type"}, 101, 1009, 101, false},
        {"sources", {"--by", "src"}, 101, 1009, 101, false},
        {"destinations", {"--by", "dst"}, 101, 1009, 1, false},
        {"no key but the namespace", {"--by", "netns"}, 3, 1009, 1, false},
        {"stacks, exactly", {"--by", "stack"}, 1, 503, 0, false},
        {"more flows than fit: the rest is in other",
         {"--by", "flow", "--max-groups", "97"},
         1009,
         2003,
         0,
         true},
        {"with the widest key too",
         {"--by", "flow,dev", "--max-groups", "31"},
         1009,
         2003,
         0,
         true},
        {"one by one, counted here", {"--each", "--by", "flow,pkt_type"}, 101, 1009, 101, false},
        {"a filter as tcpdump has it", {"udp dst port 9 and net 172.16.0.0/12"}, 7, 503, 1, false},
        {"the device by name", {"-i", "lab1"}, 7, 503, 1, false},
    };
    // The lab's own frames are no UDP: they are left out.
    expect_counted(*network_, "receive", {"--proto", "udp"}, rows);
}

TEST_F(Receive, FiltersInTheKernel) {
    const std::string elsewhere = std::to_string(network_->inode(Side::tx));
    const struct {
        const char *sentence;
        Words words;
    } rows[] = {
        {"another device", {"-i", "lab3"}},
        {"another protocol", {"--proto", "tcp"}},
        {"another network protocol", {"--proto", "ipv6"}},
        {"an expression for something else", {"udp dst port 10"}},
        {"a process: what came in softirq is nobody's", {"--proto", "udp", "--comm", "no-such"}},
    };
    for (const auto &row : rows) {
        Observer observer(on_lab(row.words), "receive");
        ASSERT_TRUE(observer.attached()) << row.sentence;
        ASSERT_TRUE(flood(*network_, 211, 3).ok());
        const Tally tally = observer.stop();
        EXPECT_EQ(observer.finished().status, 0) << row.sentence << observer.finished().err;
        EXPECT_EQ(tally.total_events, 0u) << row.sentence;
    }
}

FrameSpec to(const LabNetwork &network, const MacAddress &mac) {
    FrameSpec spec = frame_between(network, Side::tx);
    spec.dst_mac = mac;
    return spec;
}

TEST_F(Receive, NamesDeviceProtocolAndType) {
    const MacAddress broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, several{1, 0, 0x5e, 0, 0, 0x4d},
        others{2, 0, 0, 0, 0, 0x4d};
    FrameSpec unknown = frame_between(*network_, Side::tx);
    unknown.ethertype = 0x88cc;
    FrameSpec icmp = frame_between(*network_, Side::tx);
    icmp.protocol = 1;
    std::vector<uint8_t> tagged = build_frame(frame_between(*network_, Side::tx));
    const std::array<uint8_t, 4> tag = {0x81, 0x00, 0x00, 0x4d};
    tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
    const struct {
        const char *sentence;
        std::vector<uint8_t> frame;
        uint64_t times;
        const char *proto, *l4proto, *type;
    } rows[] = {
        {"a packet for this host", build_frame(frame_between(*network_, Side::tx)), 211, "ipv4",
         "udp", "host"},
        {"to all", build_frame(to(*network_, broadcast)), 101, "ipv4", "udp", "broadcast"},
        {"to a group", build_frame(to(*network_, several)), 103, "ipv4", "udp", "multicast"},
        {"to somebody else", build_frame(to(*network_, others)), 107, "ipv4", "udp", "other_host"},
        {"another IP protocol", build_frame(icmp), 109, "ipv4", "icmp", "host"},
        {"no IP at all", build_frame(unknown), 113, "lldp", "", "host"},
        {"behind a tag that is in the bytes", tagged, 127, "ipv4", "udp", "host"},
    };
    for (const auto &row : rows) {
        const Tally tally = tally_while({"--interval", "0"}, row.frame, row.times);
        uint64_t events = 0;
        for (const Json &group : tally.groups) {
            EXPECT_EQ(group.at("type"), "receive_group");
            if (group.at("dev") == "lab1" && group.at("pkt_type") == row.type &&
                group.value("proto", "") == row.proto && group.value("l4proto", "") == row.l4proto)
                events += group.at("events").get<uint64_t>();
        }
        EXPECT_EQ(events, row.times) << row.sentence << Json(tally.groups);
    }
}

// What is sent through a veth is queued by the sender's own process, and received in softirq.
TEST_F(Receive, OfAProcessOnlyWhereOneIsAtWork) {
    ASSERT_EQ(prctl(PR_SET_NAME, "seventeen_secs"), 0);
    const auto frame = build_frame(frame_between(*network_, Side::tx));
    for (const auto &[at, comm] : {std::pair{"rx", "seventeen_secs"}, {"receive", "(softirq)"}}) {
        const Tally tally = tally_while({"--at", at, "--by", "comm", "--proto", "udp"}, frame, 307);
        ASSERT_EQ(tally.groups.size(), 1u) << at << Json(tally.groups);
        EXPECT_EQ(tally.groups[0].at("comm"), comm) << at;
        EXPECT_EQ(tally.groups[0].at("events"), 307u) << at;
    }
}

TEST_F(Receive, StacksLeadIntoTheStack) {
    const auto frame = build_frame(frame_between(*network_, Side::tx));
    const Tally tally = tally_while({"--by", "stack", "--proto", "udp"}, frame, 101);
    ASSERT_FALSE(tally.groups.empty());
    for (const Json &group : tally.groups) {
        ASSERT_TRUE(group.contains("stack") && !group["stack"].empty()) << group;
        const auto first = group["stack"][0].get<std::string>();
        EXPECT_NE(first.find("netif_receive_skb"), std::string::npos) << group["stack"];
    }
    EXPECT_EQ(tally.group_events, 101u);
}

TEST_F(Receive, TheWayBeforeGroCanBeWatched) {
    const auto frame = build_frame(frame_between(*network_, Side::tx));
    const Tally tally = tally_while({"--at", "gro", "--proto", "udp"}, frame, 13);
    EXPECT_EQ(tally.total_events, 0u) << "a veth without NAPI does not pass GRO";
}

}  // namespace
}  // namespace whydrop::live
