// SPDX-License-Identifier: GPL-2.0-or-later
// Questions to the kernel by netlink(7), asked in the calling thread's network namespace: of
// devices and addresses (rtnetlink(7)), of sockets (sock_diag(7)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "sys/result.h"

struct nlmsghdr;

namespace whydrop {

struct NetlinkQuestion {
    int type = 0;                  // RTM_GETLINK
    const void *header = nullptr;  // of the family: an ifinfomsg
    size_t header_bytes = 0;
    uint16_t answer = 0;      // RTM_NEWLINK
    size_t answer_bytes = 0;  // of its header
    // A number that the question is about. Without, all there are are asked for.
    std::optional<std::pair<int, uint32_t>> attribute;
    int protocol = 0;  // NETLINK_ROUTE
};

// Gives every answer of the type that was asked for whose header is whole. Errors: unsupported,
// when the kernel has nobody to answer; failed, also when a list changed so often that it could not
// be had whole.
Status netlink_ask(const NetlinkQuestion &question, const std::function<void(nlmsghdr *)> &each);

}  // namespace whydrop
