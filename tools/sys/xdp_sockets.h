// SPDX-License-Identifier: GPL-2.0-or-later
// AF_XDP sockets: on which queue of which device, and what they lost.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sys/result.h"

namespace whydrop {

// Frames, or tries to have one; since the socket was made (struct xdp_statistics, if_xdp.h).
struct XdpSocketCounters {
    uint64_t rx_dropped = 0;       // had no buffer, or did not fit into one
    uint64_t rx_invalid = 0;       // buffers given to the kernel that lie outside the memory
    uint64_t rx_ring_full = 0;     // the program takes frames too slowly
    uint64_t fill_ring_empty = 0;  // the program gives buffers back too slowly
    uint64_t tx_invalid = 0;       // frames to send that lie outside the memory
    uint64_t tx_ring_empty = 0;    // the kernel was ready to send, and there was nothing
};

struct XdpSocket {
    uint64_t inode = 0;
    uint32_t ifindex = 0;  // 0: not bound
    uint32_t queue = 0;
    std::optional<uint32_t> uid;                // who made it
    std::optional<uint32_t> rx_ring, tx_ring;   // entries; absent: it has none
    std::optional<bool> zero_copy;              // absent: not told
    std::optional<XdpSocketCounters> counters;  // absent: the kernel counts none (before 5.9)
};

struct XdpSockets {
    std::vector<XdpSocket> all;
    // So many more there are that the kernel counts and cannot describe: its
    // CONFIG_XDP_SOCKETS_DIAG is not set.
    uint64_t untold = 0;
};

// Of the calling thread's network namespace, by sock_diag(7) (net/xdp/xsk_diag.c, 5.1): the kernel
// may load its module xsk_diag for that. Errors: failed.
Result<XdpSockets> list_xdp_sockets();

}  // namespace whydrop
