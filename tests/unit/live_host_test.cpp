// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/live_host.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <thread>

#include "sys/netns.h"

namespace whydrop {
namespace {

IpAddress ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    IpAddress address;
    address.family = 4;
    address.bytes = {a, b, c, d};
    return address;
}

IpAddress ipv6_loopback() {
    IpAddress address;
    address.family = 6;
    address.bytes[15] = 1;
    return address;
}

// Runs check(inode) while a thread of ours lives in a new namespace; false: not allowed to.
template <typename Check>
bool in_new_netns(bool loopback_up, Check check) {
    bool made = false;
    std::thread([&] {
        if (unshare(CLONE_NEWNET) != 0)
            return;
        made = true;
        const Fd control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        ifreq request = {};
        std::strcpy(request.ifr_name, "lo");
        request.ifr_flags = IFF_UP;
        if (loopback_up) {
            EXPECT_EQ(ioctl(control.get(), SIOCSIFFLAGS, &request), 0);
        }
        const auto own = open_own_netns();
        ASSERT_TRUE(own);
        const auto inode = netns_inode(*own);
        ASSERT_TRUE(inode);
        check(*inode);
        const auto still = open_own_netns();
        ASSERT_TRUE(still);
        EXPECT_EQ(*netns_inode(*still), *inode) << "the thread is back where it was";
    }).join();
    return made;
}

TEST(LiveHost, KnowsTheAddressesOfANamespace) {
    const LiveHost host;
    const bool made = in_new_netns(true, [&](uint32_t netns) {
        const struct {
            const char *why;
            IpAddress address;
            bool local;
        } rows[] = {
            {"that of lo", ipv4(127, 0, 0, 1), true},
            {"the rest of its net is local too", ipv4(127, 7, 7, 7), true},
            {"a foreign one", ipv4(192, 0, 2, 1), false},
            {"IPv6", ipv6_loopback(), true},
        };
        for (const auto &row : rows)
            EXPECT_EQ(host.is_local_address(netns, row.address), row.local) << row.why;
        EXPECT_FALSE(host.is_local_address(netns, IpAddress{})) << "no address, no answer";
    });
    if (!made)
        GTEST_SKIP() << "making a network namespace needs root";
}

TEST(LiveHost, AsksInsideTheNamespace) {
    const LiveHost host;
    const bool made = in_new_netns(false, [&](uint32_t netns) {
        EXPECT_EQ(host.is_local_address(netns, ipv4(127, 0, 0, 1)), false) << "its lo is down";
    });
    if (!made)
        GTEST_SKIP() << "making a network namespace needs root";
}

TEST(LiveHost, HasNoAnswerForWhatIsNotThere) {
    const LiveHost host;
    EXPECT_FALSE(host.is_local_address(0, ipv4(127, 0, 0, 1)));
    EXPECT_FALSE(host.is_local_address(7, ipv4(127, 0, 0, 1))) << "no namespace has this inode";
}

}  // namespace
}  // namespace whydrop
