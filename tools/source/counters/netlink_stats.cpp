// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/counters/netlink_stats.h"

#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>

#include "sys/netlink.h"

namespace whydrop {

namespace {

using Groups = std::vector<CounterGroup>;

void take(Groups &into, Groups groups) {
    std::ranges::move(groups, std::back_inserter(into));
}

// Without its nlmsghdr.
Bytes payload_of(nlmsghdr *message) {
    const auto *first = reinterpret_cast<const uint8_t *>(message);
    return Bytes(first, message->nlmsg_len).subspan(NLMSG_HDRLEN);
}

// A family's header, and attributes behind it.
class Request {
  public:
    template <typename Header>
    explicit Request(const Header &header) {
        append(&header, sizeof header);
    }
    template <typename Number>
    void put(uint16_t type, Number number) {
        const size_t at = begin(type);
        append(&number, sizeof number);
        end(at);
    }
    size_t begin(uint16_t type) {
        const size_t at = bytes_.size();
        const nlattr head = {0, type};
        append(&head, sizeof head);
        return at;
    }
    void end(size_t at) {
        const auto length = static_cast<uint16_t>(bytes_.size() - at);
        std::memcpy(bytes_.data() + at, &length, sizeof length);
        bytes_.resize(NLA_ALIGN(bytes_.size()));
    }
    [[nodiscard]] NetlinkQuestion question(int type, uint16_t answer, size_t answer_bytes,
                                           int protocol = NETLINK_ROUTE) const {
        return {type, bytes_.data(), bytes_.size(), answer, answer_bytes, {}, protocol};
    }

  private:
    void append(const void *data, size_t size) {
        bytes_.append(static_cast<const char *>(data), size);
    }
    std::string bytes_;
};

}  // namespace

Result<DeviceNames> device_names() {
    DeviceNames names;
    Request request(ifinfomsg{});
    request.put<uint32_t>(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    auto asked = netlink_ask(request.question(RTM_GETLINK, RTM_NEWLINK, sizeof(ifinfomsg)),
                             [&](nlmsghdr *message) {
                                 auto device = read_device_name(payload_of(message));
                                 if (!device.name.empty())
                                     names[device.ifindex] = std::move(device.name);
                             });
    if (!asked)
        return asked.error();
    return names;
}

Result<Groups> link_stats(const DeviceNames &names) {
    Groups groups;
    if_stats_msg all = {};
    for (const int kind : {IFLA_STATS_LINK_64, IFLA_STATS_LINK_XSTATS, IFLA_STATS_LINK_XSTATS_SLAVE,
                           IFLA_STATS_LINK_OFFLOAD_XSTATS})
        all.filter_mask |= static_cast<uint32_t>(IFLA_STATS_FILTER_BIT(kind));
    auto asked = netlink_ask(
        Request(all).question(RTM_GETSTATS, RTM_NEWSTATS, sizeof all),
        [&](nlmsghdr *message) { take(groups, read_link_stats(payload_of(message), names)); });
    if (!asked)
        return asked.error();
    return groups;
}

Result<Groups> qdisc_stats(const DeviceNames &names) {
    Groups groups;
    const Request all(tcmsg{});
    auto asked = netlink_ask(
        all.question(RTM_GETQDISC, RTM_NEWQDISC, sizeof(tcmsg)),
        [&](nlmsghdr *message) { take(groups, read_qdisc_stats(payload_of(message), names)); });
    if (!asked)
        return asked.error();
    return groups;
}

namespace {

// The number that a family of generic netlink has on this kernel. 0: there is none.
int generic_family(const std::string &name) {
    int family = 0;
    const Request request(genlmsghdr{CTRL_CMD_GETFAMILY, 1, 0});
    auto asked = netlink_ask(
        request.question(GENL_ID_CTRL, GENL_ID_CTRL, sizeof(genlmsghdr), NETLINK_GENERIC),
        [&](nlmsghdr *message) {
            const auto all = attributes_of(payload_of(message).subspan(sizeof(genlmsghdr)));
            if (text_of(find_attribute(all, CTRL_ATTR_FAMILY_NAME)) == name)
                family =
                    number_at<uint16_t>(find_attribute(all, CTRL_ATTR_FAMILY_ID), 0).value_or(0);
        });
    return asked ? family : 0;
}

// Of all devices. A kernel that does not know the question has no answer.
void ask_ethtool(int family, const Request &request, Groups &into, Groups (*read)(Bytes)) {
    auto asked = netlink_ask(request.question(family, static_cast<uint16_t>(family),
                                              sizeof(genlmsghdr), NETLINK_GENERIC),
                             [&](nlmsghdr *message) {
                                 take(into, read(payload_of(message).subspan(sizeof(genlmsghdr))));
                             });
    (void)asked;
}

// The groups of which the tables in ethtool_message.cpp are: eth-phy, eth-mac, eth-ctrl, rmon.
Request standard_request() {
    constexpr uint32_t known_groups = 4;
    Request request(genlmsghdr{ETHTOOL_MSG_STATS_GET, 1, 0});
    request.end(request.begin(ETHTOOL_A_STATS_HEADER | NLA_F_NESTED));
    const size_t groups = request.begin(ETHTOOL_A_STATS_GROUPS | NLA_F_NESTED);
    request.put<uint32_t>(ETHTOOL_A_BITSET_SIZE, known_groups);
    request.put<uint32_t>(ETHTOOL_A_BITSET_VALUE, (1U << known_groups) - 1);
    request.put<uint32_t>(ETHTOOL_A_BITSET_MASK, (1U << known_groups) - 1);
    request.end(groups);
    return request;
}

Request pause_request() {
    Request request(genlmsghdr{ETHTOOL_MSG_PAUSE_GET, 1, 0});
    const size_t header = request.begin(ETHTOOL_A_PAUSE_HEADER | NLA_F_NESTED);
    request.put<uint32_t>(ETHTOOL_A_HEADER_FLAGS, ETHTOOL_FLAG_STATS);
    request.end(header);
    return request;
}

}  // namespace

Groups EthtoolStats::read() {
    Groups groups;
    if (family_ < 0)
        family_ = generic_family(ETHTOOL_GENL_NAME);
    if (family_ > 0) {
        ask_ethtool(family_, pause_request(), groups, read_pause_stats);
        ask_ethtool(family_, standard_request(), groups, read_standard_stats);
    }
    return groups;
}

}  // namespace whydrop
