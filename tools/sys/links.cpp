// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/links.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>

#include "sys/netlink.h"

namespace whydrop {

namespace {

// The attributes of one message or nest, by number. One that is not there, or is too short for what
// it should hold, gives nothing.
class Attributes {
  public:
    Attributes(nlattr *first, int bytes) {
        int left = bytes;
        for (nlattr *at = first; nla_ok(at, left); at = nla_next(at, &left))
            all_.push_back(at);
    }

    [[nodiscard]] std::optional<uint32_t> number(int type) const {
        nlattr *found = find(type);
        if (found && nla_len(found) >= 4)
            return nla_get_u32(found);
        if (found && nla_len(found) == 1)
            return nla_get_u8(found);
        return {};
    }
    [[nodiscard]] std::string text(int type) const {
        const nlattr *found = find(type);
        if (!found)
            return {};
        const auto *begin = static_cast<const char *>(nla_data(found));
        return {begin, std::find(begin, begin + nla_len(found), '\0')};
    }
    [[nodiscard]] Attributes nest(int type) const {
        nlattr *found = find(type);
        return found ? Attributes(static_cast<nlattr *>(nla_data(found)), nla_len(found))
                     : Attributes(nullptr, 0);
    }

  private:
    [[nodiscard]] nlattr *find(int type) const {
        const auto found = std::find_if(all_.begin(), all_.end(),
                                        [type](nlattr *at) { return nla_type(at) == type; });
        return found == all_.end() ? nullptr : *found;
    }
    std::vector<nlattr *> all_;
};

void read_xdp(const Attributes &xdp, NetworkLink &link) {
    // A kernel before d67b9cd28c1d (4.18) would name one program without its mode.
    const std::pair<int, XdpMode> places[] = {{IFLA_XDP_DRV_PROG_ID, XdpMode::native},
                                              {IFLA_XDP_SKB_PROG_ID, XdpMode::generic},
                                              {IFLA_XDP_HW_PROG_ID, XdpMode::offload}};
    for (const auto &[type, mode] : places)
        if (const auto program = xdp.number(type); program && *program)
            link.xdp.push_back({mode, *program});
}

NetworkLink read_link(nlmsghdr *message) {
    const auto *info = static_cast<const ifinfomsg *>(nlmsg_data(message));
    const Attributes attributes(nlmsg_attrdata(message, sizeof *info),
                                nlmsg_attrlen(message, sizeof *info));
    NetworkLink link;
    link.ifindex = static_cast<uint32_t>(info->ifi_index);
    link.name = attributes.text(IFLA_IFNAME);
    link.kind = attributes.nest(IFLA_LINKINFO).text(IFLA_INFO_KIND);
    link.up = info->ifi_flags & IFF_UP;
    link.carrier = attributes.number(IFLA_CARRIER).value_or(0) != 0;
    link.mtu = attributes.number(IFLA_MTU).value_or(0);
    link.tx_queues = attributes.number(IFLA_NUM_TX_QUEUES).value_or(0);
    link.rx_queues = attributes.number(IFLA_NUM_RX_QUEUES).value_or(0);
    link.lower = attributes.number(IFLA_LINK).value_or(0);
    if (const auto nsid = attributes.number(IFLA_LINK_NETNSID))
        link.lower_nsid = static_cast<int32_t>(*nsid);
    read_xdp(attributes.nest(IFLA_XDP), link);
    return link;
}

}  // namespace

Result<std::vector<NetworkLink>> list_links() {
    std::vector<NetworkLink> links;
    const ifinfomsg all = {};
    auto listed = netlink_ask({RTM_GETLINK, &all, sizeof all, RTM_NEWLINK, sizeof all, {}},
                              [&](nlmsghdr *message) { links.push_back(read_link(message)); });
    if (!listed)
        return listed.error();
    return links;
}

std::optional<int32_t> nsid_of(const Fd &netns) {
    std::optional<int32_t> found;
    const rtgenmsg any = {};
    auto asked =
        netlink_ask({RTM_GETNSID, &any, sizeof any, RTM_NEWNSID, sizeof any,
                     std::pair<int, uint32_t>(NETNSA_FD, static_cast<uint32_t>(netns.get()))},
                    [&](nlmsghdr *message) {
                        const Attributes answer(nlmsg_attrdata(message, sizeof any),
                                                nlmsg_attrlen(message, sizeof any));
                        const auto nsid = answer.number(NETNSA_NSID);
                        if (nsid && static_cast<int32_t>(*nsid) >= 0)
                            found = static_cast<int32_t>(*nsid);
                    });
    return asked ? found : std::nullopt;
}

}  // namespace whydrop
