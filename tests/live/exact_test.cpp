// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever is asked of `whydrop drops`, what was sent is what it counts: groups + other + losses.
// Numbers are primes, so that something counted twice, or by halves, shows.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <csignal>

#include "observer.h"

namespace whydrop::live {
namespace {

using Words = std::vector<std::string>;

class Exact : public testing::Test {
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
    std::optional<LabNetwork> network_;
};

TEST_F(Exact, EveryWayOfCountingGivesWhatWasSent) {
    const std::vector<CountingRow> rows = {
        {"one group, nearly all of it in the CPUs' own parts", {}, 1, 5003, 1, false},
        {"the default keys do not tell flows apart", {}, 503, 5003, 1, false},
        {"flows, a group each", {"--by", "flow"}, 101, 5003, 101, false},
        {"flows with the widest key",
         {"--by", "flow,dev,comm,reason,location,proto"},
         101,
         5003,
         101,
         false},
        {"sources", {"--by", "src"}, 101, 1009, 101, false},
        {"destinations", {"--by", "dst"}, 101, 1009, 1, false},
        {"protocols", {"--by", "proto"}, 101, 1009, 1, false},
        {"stacks, exactly (how many there are is the scheduler's affair)",
         {"--by", "stack"},
         1,
         503,
         0,
         false},
        {"no key but the namespace", {"--by", "netns"}, 3, 1009, 1, false},
        {"more flows than fit: the rest is in other",
         {"--by", "flow", "--max-groups", "97"},
         5003,
         10007,
         0,
         true},
        {"with the widest key too",
         {"--by", "flow,dev", "--max-groups", "31"},
         5003,
         10007,
         0,
         true},
        {"one by one, counted here", {"--each", "--by", "flow"}, 101, 5003, 101, false},
    };
    expect_counted(*network_, "drops", {}, rows);
}

TEST_F(Exact, FiltersInTheKernel) {
    const std::string here = std::to_string(network_->inode(Side::rx));
    const std::string elsewhere = std::to_string(network_->inode(Side::tx));
    const struct {
        const char *sentence;
        Words words;
        bool seen;
        bool needs_reasons;
    } rows[] = {
        {"another namespace", {"-n", elsewhere}, false, false},
        {"the namespace by the pid of who lives there",
         {"-n", std::to_string(network_->pid(Side::rx))},
         true,
         false},
        {"the device", {"-n", here, "-i", "lab1"}, true, false},
        {"the device by its index",
         {"-n", here, "-i", std::to_string(network_->port(Side::rx).ifindex)},
         true,
         false},
        {"the other device", {"-n", here, "-i", "lab3"}, false, false},
        {"the protocol", {"-n", here, "--proto", "udp"}, true, false},
        {"the network protocol", {"-n", here, "--proto", "ipv4"}, true, false},
        {"another protocol", {"-n", here, "--proto", "tcp"}, false, false},
        {"another network protocol", {"-n", here, "--proto", "arp"}, false, false},
        {"an expression", {"-n", here, "udp dst port 9 and net 172.16.0.0/12"}, true, false},
        {"an expression for something else", {"-n", here, "udp dst port 10"}, false, false},
        {"an expression with another filter", {"-n", here, "-i", "lab1", "ip"}, true, false},
        {"the same, where the other filter says no",
         {"-n", here, "-i", "lab3", "ip"},
         false,
         false},
        {"the reason", {"-n", here, "-r", "IP_CSUM"}, true, true},
        {"the reason among others",
         {"-n", here, "-r", "NO_SOCKET,SKB_DROP_REASON_IP_CSUM"},
         true,
         true},
        {"another reason", {"-n", here, "-r", "NO_SOCKET"}, false, true},
        {"all but the reason", {"-n", here, "-r", "!IP_CSUM"}, false, true},
        {"all but another reason", {"-n", here, "-r", "!NO_SOCKET"}, true, true},
    };
    for (const auto &row : rows) {
        Observer observer(row.words);
        if (!observer.attached() && row.needs_reasons) {
            observer.stop();
            ASSERT_EQ(observer.finished().status, 3) << row.sentence << observer.finished().err;
            std::printf("skipped: %s: this kernel has no drop reasons\n", row.sentence);
            continue;
        }
        ASSERT_TRUE(observer.attached()) << row.sentence;
        ASSERT_TRUE(flood(*network_, 211, 7).ok());
        EXPECT_EQ(observer.stop().all(), row.seen ? 211u : 0u) << row.sentence;
    }
}

// What happens in softirq is nobody's: it is passed over, and that is counted.
TEST_F(Exact, ProcessFiltersSayWhatTheyPassedOver) {
    for (const Words &words : {Words{"-p", std::to_string(getpid())}, Words{"--comm", "no-such"}}) {
        Observer observer(on_lab(words));
        ASSERT_TRUE(observer.attached());
        ASSERT_TRUE(flood(*network_, 211, 7).ok());
        const Tally tally = observer.stop();
        EXPECT_EQ(tally.group_events, 0u);
        EXPECT_EQ(tally.loss("in_interrupt"), 211u);
    }
}

// What a process loses by what it does is its own: a datagram that nobody reads dies with the
// socket.
TEST(ProcessFilters, SeeWhatTheProcessLost) {
    const Words filters[] = {{"-p", std::to_string(getpid())}, {"--comm", "closes_sockets"}};
    ASSERT_EQ(prctl(PR_SET_NAME, "closes_sockets"), 0);
    for (const Words &words : filters) {
        Observer observer(words);
        ASSERT_TRUE(observer.attached());
        for (int i = 0; i < 211; i++) {
            int pair[2];
            ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
            const Fd sender(pair[0]), receiver(pair[1]);
            ASSERT_EQ(send(sender.get(), "x", 1, 0), 1);
        }
        EXPECT_EQ(observer.stop().group_events, 211u) << words[0];
    }
}

TEST_F(Exact, ALongRunWithChangingFlowsDoesNotEndInOther) {
    Observer observer(on_lab({"--by", "flow", "--max-groups", "1009", "--interval", "0.05"}));
    ASSERT_TRUE(observer.attached());
    constexpr uint32_t rounds = 7, flows = 307;
    for (uint32_t round = 0; round < rounds; round++) {
        ASSERT_TRUE(flood(*network_, 3 * flows, flows, round * flows).ok());
        ASSERT_TRUE(observer.has_counted(uint64_t{3} * flows * (round + 1)));
    }
    const Tally tally = observer.stop();
    EXPECT_EQ(tally.groups.size(), rounds * flows);
    EXPECT_EQ(tally.other_events, 0u);
    for (const auto &group : tally.groups)
        EXPECT_EQ(group.at("events"), 3u);
}

TEST_F(Exact, EachDropIsALineAndWhatDidNotFitIsCounted) {
    Observer all(on_lab({"--each"}));
    ASSERT_TRUE(all.attached());
    ASSERT_TRUE(flood(*network_, 2003, 7).ok());
    EXPECT_EQ(all.stop().drops.size(), 2003u);

    Observer overrun(on_lab({"--each", "--ring-size", "65536"}));
    ASSERT_TRUE(overrun.attached());
    overrun.process().signal(SIGSTOP);  // as if the machine had no time for it
    ASSERT_TRUE(flood(*network_, 2003, 7).ok());
    overrun.process().signal(SIGCONT);
    const Tally tally = overrun.stop();
    EXPECT_GT(tally.loss("ring_full"), 0u);
    EXPECT_EQ(tally.drops.size(), tally.group_events);
    EXPECT_EQ(tally.all(), 2003u);
}

TEST_F(Exact, StopsAfterTheNumberAsked) {
    Observer each(on_lab({"--each", "-c", "7"}));
    ASSERT_TRUE(each.attached());
    ASSERT_TRUE(flood(*network_, 211, 7).ok());
    EXPECT_EQ(each.wait().drops.size(), 7u);
    EXPECT_EQ(each.finished().status, 0);

    Observer groups(on_lab({"-c", "100"}));
    ASSERT_TRUE(groups.attached());
    ASSERT_TRUE(flood(*network_, 211, 7).ok());
    // It looks now and then, and ends with what had come by then.
    const uint64_t counted = groups.wait().all();
    EXPECT_GE(counted, 100u);
    EXPECT_LE(counted, 211u);
    EXPECT_EQ(groups.finished().status, 0);
}

TEST_F(Exact, TellsHowItStandsOnSigusr1AndGoesOn) {
    Observer observer(on_lab({"--interval", "0"}));
    ASSERT_TRUE(observer.attached());
    ASSERT_TRUE(flood(*network_, 211, 7).ok());
    observer.process().signal(SIGUSR1);
    EXPECT_TRUE(observer.has_counted(211));
    ASSERT_TRUE(flood(*network_, 307, 7).ok());
    EXPECT_EQ(observer.stop().all(), 518u);
    EXPECT_EQ(observer.finished().status, 0);
}

TEST_F(Exact, TheSameDeviceNameInTwoNamespacesStaysTwoRows) {
    auto second = LabNetwork::create();
    ASSERT_TRUE(second.ok());
    Observer observer({"--proto", "udp"});
    ASSERT_TRUE(observer.attached());
    ASSERT_TRUE(flood(*network_, 211, 1).ok());
    ASSERT_TRUE(flood(*second, 307, 1).ok());
    const Tally tally = observer.stop();
    std::map<uint32_t, uint64_t> events;
    for (const auto &group : tally.groups)
        if (group.value("dev", "") == "lab1")
            events[group.at("netns").get<uint32_t>()] += group.at("events").get<uint64_t>();
    EXPECT_EQ(events[network_->inode(Side::rx)], 211u);
    EXPECT_EQ(events[second->inode(Side::rx)], 307u);
}

TEST_F(Exact, WhatIsObservedMayGoAway) {
    const uint32_t inode = network_->inode(Side::rx);
    Observer observer(on_lab({}));
    ASSERT_TRUE(observer.attached());
    ASSERT_TRUE(flood(*network_, 211, 1).ok());
    network_.reset();
    const Tally tally = observer.stop();
    EXPECT_EQ(observer.finished().status, 0) << observer.finished().err;
    ASSERT_EQ(tally.groups.size(), 1u);
    EXPECT_EQ(tally.groups[0].at("events"), 211u);
    EXPECT_EQ(tally.groups[0].at("dev"), "lab1");
    EXPECT_EQ(tally.groups[0].at("netns"), inode);
}

TEST_F(Exact, StacksBeginWhereThePacketWasDropped) {
    Observer observer(on_lab({"-s"}));
    ASSERT_TRUE(observer.attached());
    ASSERT_TRUE(flood(*network_, 7, 1).ok());
    const Tally tally = observer.stop();
    ASSERT_EQ(tally.groups.size(), 1u);
    const auto &stack = tally.groups[0].at("stack");
    const std::string location = tally.groups[0].at("location").at("symbol");
    ASSERT_GT(stack.size(), 3u);
    EXPECT_EQ(stack[0].get<std::string>().rfind(location + "+", 0), 0u) << stack;
}

}  // namespace
}  // namespace whydrop::live
