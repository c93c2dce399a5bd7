// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/xdp_sockets.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/xdp_diag.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "sys/netlink.h"

namespace whydrop {

namespace {

// A structure of a kernel that knows fewer fields is filled up with zeros.
template <typename T>
std::optional<T> attribute(nlmsghdr *message, int type) {
    const nlattr *found = nlmsg_find_attr(message, sizeof(xdp_diag_msg), type);
    if (!found)
        return {};
    T value = {};
    std::memcpy(&value, nla_data(found),
                std::min(sizeof value, static_cast<size_t>(nla_len(found))));
    return value;
}

std::optional<uint32_t> entries_of(nlmsghdr *message, int ring) {
    const auto found = attribute<xdp_diag_ring>(message, ring);
    return found ? std::optional(found->entries) : std::nullopt;
}

XdpSocket read_socket(nlmsghdr *message) {
    XdpSocket socket;
    socket.inode = static_cast<const xdp_diag_msg *>(nlmsg_data(message))->xdiag_ino;
    if (const auto info = attribute<xdp_diag_info>(message, XDP_DIAG_INFO)) {
        socket.ifindex = info->ifindex;
        socket.queue = info->queue_id;
    }
    socket.uid = attribute<uint32_t>(message, XDP_DIAG_UID);
    socket.rx_ring = entries_of(message, XDP_DIAG_RX_RING);
    socket.tx_ring = entries_of(message, XDP_DIAG_TX_RING);
    if (const auto memory = attribute<xdp_diag_umem>(message, XDP_DIAG_UMEM))
        socket.zero_copy = (memory->flags & XDP_DU_F_ZEROCOPY) != 0;
    if (const auto stats = attribute<xdp_diag_stats>(message, XDP_DIAG_STATS))
        socket.counters = {stats->n_rx_dropped,      stats->n_rx_invalid, stats->n_rx_full,
                           stats->n_fill_ring_empty, stats->n_tx_invalid, stats->n_tx_ring_empty};
    return socket;
}

// The second number of the line of protocol "XDP": sockets of this namespace.
uint64_t counted() {
    std::ifstream protocols("/proc/thread-self/net/protocols");
    for (std::string line; std::getline(protocols, line);) {
        std::istringstream words(line);
        std::string name;
        uint64_t size = 0, sockets = 0;
        if (words >> name >> size >> sockets && name == "XDP")
            return sockets;
    }
    return 0;
}

}  // namespace

Result<XdpSockets> list_xdp_sockets() {
    XdpSockets sockets;
    sockets.untold = counted();
    if (sockets.untold == 0)
        return sockets;  // nor has any module to be loaded to learn that
    xdp_diag_req all = {};
    all.sdiag_family = AF_XDP;
    all.xdiag_show = XDP_SHOW_INFO | XDP_SHOW_RING_CFG | XDP_SHOW_UMEM | XDP_SHOW_STATS;
    NetlinkQuestion question;
    question.protocol = NETLINK_SOCK_DIAG;
    question.type = question.answer = SOCK_DIAG_BY_FAMILY;
    question.header = &all;
    question.header_bytes = sizeof all;
    question.answer_bytes = sizeof(xdp_diag_msg);
    const auto asked = netlink_ask(
        question, [&](nlmsghdr *message) { sockets.all.push_back(read_socket(message)); });
    if (!asked && asked.error().code != Errc::unsupported)
        return asked.error();
    const uint64_t told = sockets.all.size();
    sockets.untold -= std::min(sockets.untold, told);
    return sockets;
}

}  // namespace whydrop
