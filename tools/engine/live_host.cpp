// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/live_host.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>

#include "sys/netlink.h"
#include "sys/netns.h"

namespace whydrop {

namespace {

// One RTM_NEWADDR. IFA_LOCAL is our end of a point-to-point link, IFA_ADDRESS the other's; without
// the first (IPv6) the second is ours.
std::optional<IpAddress> own_address(nlmsghdr *message) {
    const auto *info = static_cast<const ifaddrmsg *>(nlmsg_data(message));
    const nlattr *own = nlmsg_find_attr(message, sizeof(ifaddrmsg), IFA_LOCAL);
    if (own == nullptr)
        own = nlmsg_find_attr(message, sizeof(ifaddrmsg), IFA_ADDRESS);
    IpAddress address;
    address.family = info->ifa_family == AF_INET ? 4 : info->ifa_family == AF_INET6 ? 6 : 0;
    const int bytes = address.family == 4 ? 4 : 16;
    if (address.family == 0 || own == nullptr || nla_len(own) < bytes)
        return {};
    std::copy_n(static_cast<const uint8_t *>(nla_data(own)), bytes, address.bytes.begin());
    return address;
}

std::optional<std::set<IpAddress>> own_addresses(uint32_t netns) {
    const auto fd = open_netns_by_inode(netns);
    if (!fd)
        return {};
    const auto inside = NetnsScope::enter(*fd);
    if (!inside)
        return {};
    std::set<IpAddress> addresses;
    ifaddrmsg all = {};
    all.ifa_family = AF_UNSPEC;
    const auto listed = netlink_ask({RTM_GETADDR, &all, sizeof all, RTM_NEWADDR, sizeof all, {}},
                                    [&](nlmsghdr *message) {
                                        if (const auto address = own_address(message))
                                            addresses.insert(*address);
                                    });
    return listed ? std::optional(addresses) : std::nullopt;
}

bool is_loopback(const IpAddress &address) {
    constexpr uint8_t loopback_net = 127;  // all of 127/8 is local wherever lo has its address
    return address.family == 4 && address.bytes[0] == loopback_net;
}

}  // namespace

const LiveHost::Answer &LiveHost::ask(uint32_t netns) const {
    constexpr auto believed = std::chrono::seconds(1);
    constexpr size_t most = 1024;  // namespaces
    const auto now = std::chrono::steady_clock::now();
    if (answers_.size() > most)
        answers_.clear();
    const auto [at, is_new] = answers_.try_emplace(netns);
    if (is_new || now - at->second.when >= believed)
        at->second = {now, own_addresses(netns)};
    return at->second;
}

std::optional<bool> LiveHost::is_local_address(uint32_t netns, const IpAddress &address) const {
    if (netns == 0 || address.family == 0)
        return {};
    const Answer &answer = ask(netns);
    if (!answer.addresses)
        return {};
    if (answer.addresses->contains(address))
        return true;
    return is_loopback(address) &&
           std::any_of(answer.addresses->begin(), answer.addresses->end(), is_loopback);
}

}  // namespace whydrop
