// SPDX-License-Identifier: GPL-2.0-or-later
// The lab by itself: nothing moves in it that was not ordered, what was ordered is exact, and
// nothing of it is left.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>
#include <thread>

#include "lab/counters.h"
#include "lab/scenarios.h"
#include "sys/netns.h"

namespace whydrop::live {
namespace {

class Lab : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "making network namespaces needs root";
    }
};

// True when the namespace is gone within ten seconds.
bool vanishes(uint32_t inode) {
    for (int waited_ms = 0; waited_ms < 10000; waited_ms += 10) {
        if (!open_netns_by_inode(inode))
            return true;
        ::poll(nullptr, 0, 10);
    }
    return false;
}

uint64_t frames_received(const LabNetwork &network, Side side, const std::string &dev) {
    std::istringstream lines(*network.proc_net(side, "dev"));
    for (std::string line; std::getline(lines, line);) {
        const size_t at = line.find(dev + ":");
        if (at == std::string::npos)
            continue;
        uint64_t bytes = 0, packets = 0;
        std::istringstream(line.substr(at + dev.size() + 1)) >> bytes >> packets;
        return packets;
    }
    ADD_FAILURE() << "no device " << dev;
    return 0;
}

TEST_F(Lab, IsSilentUntilSomethingIsOrdered) {
    Result<LabNetwork> network = LabNetwork::create();
    ASSERT_TRUE(network) << network.error().what;
    for (const Side side : {Side::tx, Side::rx})
        for (unsigned link = 0; link < LabNetwork::kLinks; link++)
            EXPECT_EQ(frames_received(*network, side, network->port(side, link).name), 0u);
    EXPECT_NE(network->inode(Side::tx), network->inode(Side::rx));
    EXPECT_NE(network->inode(Side::rx), *netns_inode(*open_own_netns()));
}

TEST_F(Lab, CausesExactCountsAndPutsEverythingBack) {
    Result<LabNetwork> network = LabNetwork::create();
    ASSERT_TRUE(network) << network.error().what;
    const std::string routes = *network->proc_net(Side::rx, "route");
    constexpr unsigned kTimes = 307;  // more than what the sender lets be under way
    for (const Scenario &scenario : scenarios()) {
        SCOPED_TRACE(scenario.id);
        const bool counted = !scenario.counter.empty();
        const Result<uint64_t> before =
            counted ? read_counter(*network, Side::rx, scenario.counter) : Result<uint64_t>(0);
        const Status caused = scenario.cause(*network, kTimes);
        if (!caused && caused.error().code == Errc::unsupported) {
            std::printf("left out %s: %s\n", scenario.id.c_str(), caused.error().what.c_str());
            continue;
        }
        ASSERT_TRUE(caused) << caused.error().what;
        ASSERT_TRUE(before) << before.error().what;
        if (counted) {
            EXPECT_EQ(*read_counter(*network, Side::rx, scenario.counter) - *before, kTimes);
        }
        EXPECT_EQ(*network->proc_net(Side::rx, "route"), routes);
        EXPECT_EQ(*network->sysctl(Side::rx, "ipv4/ip_forward"), "0");
        EXPECT_EQ(*network->sysctl(Side::rx, "ipv4/conf/lab1/rp_filter"), "0");
    }
}

TEST_F(Lab, OutlivesTheThreadThatMadeIt) {
    std::vector<LabNetwork> made;
    std::thread([&] {
        if (Result<LabNetwork> network = LabNetwork::create(); network)
            made.push_back(std::move(*network));
    }).join();
    ASSERT_EQ(made.size(), 1u);
    ::poll(nullptr, 0, 50);
    EXPECT_EQ(::kill(made[0].pid(Side::rx), 0), 0) << "the placeholder has ended";
    const uint32_t inode = made[0].inode(Side::rx);
    EXPECT_TRUE(open_netns_by_inode(inode));
    made.clear();
    EXPECT_TRUE(vanishes(inode));
}

TEST_F(Lab, IsGoneWhenItsOwnerIsKilled) {
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    const pid_t owner = ::fork();
    if (owner == 0) {
        const Result<LabNetwork> network = LabNetwork::create();
        const uint32_t inode = network ? network->inode(Side::rx) : 0;
        if (::write(fds[1], &inode, sizeof inode) == sizeof inode)
            ::pause();
        ::_exit(1);
    }
    uint32_t inode = 0;
    ASSERT_EQ(::read(fds[0], &inode, sizeof inode), static_cast<ssize_t>(sizeof inode));
    EXPECT_NE(inode, 0u);
    EXPECT_TRUE(open_netns_by_inode(inode));
    ::kill(owner, SIGKILL);
    ::waitpid(owner, nullptr, 0);
    EXPECT_TRUE(vanishes(inode));
    ::close(fds[0]);
    ::close(fds[1]);
}

TEST_F(Lab, NamespacesAreFoundEveryWay) {
    Result<LabNetwork> network = LabNetwork::create();
    ASSERT_TRUE(network) << network.error().what;
    const std::string pid = std::to_string(network->pid(Side::rx));
    const uint32_t inode = network->inode(Side::rx);
    for (const std::string &which : {pid, std::to_string(inode), "/proc/" + pid + "/ns/net"}) {
        SCOPED_TRACE(which);
        const Result<Fd> found = open_netns(which);
        ASSERT_TRUE(found) << found.error().what;
        EXPECT_EQ(*netns_inode(*found), inode);
    }
    bool listed = false;
    for (const NetnsEntry &entry : list_netns())
        listed = listed || (entry.inode == inode && entry.pid == network->pid(Side::rx));
    EXPECT_TRUE(listed);
}

TEST_F(Lab, NamespacesThatAreNotThereAreUsageErrors) {
    // By name, by path, a path that is no namespace, by inode, too large for either, no process
    // has that number, a namespace of another kind, nothing.
    for (const char *which : {"no-such-name", "/no/such/path", "/proc/self/status", "4026000001",
                              "99999999999", "4194304", "/proc/self/ns/mnt", ""}) {
        SCOPED_TRACE(which);
        const Result<Fd> found = open_netns(which);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code, Errc::usage) << found.error().what;
    }
}

TEST_F(Lab, ScopeComesBackHome) {
    Result<LabNetwork> network = LabNetwork::create();
    ASSERT_TRUE(network) << network.error().what;
    const uint32_t home = *netns_inode(*open_own_netns());
    {
        const Result<NetnsScope> scope = network->enter(Side::rx);
        ASSERT_TRUE(scope);
        EXPECT_EQ(*netns_inode(*open_own_netns()), network->inode(Side::rx));
    }
    EXPECT_EQ(*netns_inode(*open_own_netns()), home);
}

}  // namespace
}  // namespace whydrop::live
