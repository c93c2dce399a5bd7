// SPDX-License-Identifier: GPL-2.0-or-later
// The network devices of a namespace, as rtnetlink(7) lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

// How an XDP program is attached (IFLA_XDP): run by the driver, by the kernel when an skb is there
// already, or by the device itself.
enum class XdpMode { native, generic, offload };

struct LinkXdp {
    XdpMode mode = XdpMode::native;
    uint32_t program = 0;  // id
};

struct NetworkLink {
    uint32_t ifindex = 0;
    std::string name, kind;  // kind: "veth", "bridge", ...; empty: it says none, as real devices
    bool up = false, carrier = false;
    uint32_t mtu = 0;
    uint32_t tx_queues = 0, rx_queues = 0;
    // IFLA_LINK: of a veth the other end, of a VLAN what it lies on. 0: none.
    uint32_t lower = 0;
    std::optional<int32_t> lower_nsid;  // in which namespace, by our names; absent: in the same
    std::vector<LinkXdp> xdp;           // two at most: of the host and of the device
};

// Of the calling thread's namespace.
Result<std::vector<NetworkLink>> list_links();

// The number by which the calling thread's namespace knows another (RTM_GETNSID). Absent: it never
// needed one.
std::optional<int32_t> nsid_of(const Fd &netns);

}  // namespace whydrop
