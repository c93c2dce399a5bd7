// SPDX-License-Identifier: GPL-2.0-or-later
// Which XDP programs run where: every device of every network namespace that can be seen.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "source/bpf_objects.h"
#include "sys/links.h"
#include "sys/netns.h"
#include "sys/result.h"
#include "sys/socket_owners.h"
#include "sys/xdp_sockets.h"

namespace whydrop {

struct XdpMember {
    std::string part;  // of the dispatcher: "prog0" is called first
    BpfProgramInfo program;
};

struct XdpAttachment {
    NetnsEntry netns;
    NetworkLink link;
    XdpMode mode = XdpMode::native;
    BpfProgramInfo program;
    std::vector<XdpMember> members;  // that a dispatcher calls, in its order; empty: it is none
    // A veth whose other end takes no frames from XDP_TX and XDP_REDIRECT here (veth_xdp_xmit); of
    // that end its name, or its index where it is out of sight.
    std::string deaf_peer;
};

// A program that takes frames past the stack, on a queue to which XDP sends them.
struct XdpSocketUse {
    NetnsEntry netns;
    std::string dev;  // empty: not bound
    XdpSocket socket;
    std::vector<SocketOwner> owners;  // empty: of no process that can be seen
};

struct XdpAttachments {
    std::vector<XdpAttachment> all;  // by namespace, the own one first, then by index
    std::vector<XdpSocketUse> sockets;
    std::vector<std::string> unseen;  // what could not be looked at, and why
};

// `netns`: only this namespace (as open_netns() takes it); empty: all. `iface`: only this device.
// Errors: usage when there is no such namespace or device, unsupported when this user may not.
Result<XdpAttachments> find_xdp(const std::string &netns, const std::string &iface);

const char *name_of(XdpMode mode);

// The programs that `program`, on device `dev` of this namespace, calls as a dispatcher: by the
// function that each stands in for, which says the order.
Result<std::map<std::string, uint32_t>> members_of(const NetnsEntry &netns, const std::string &dev,
                                                   const BpfProgramInfo &program);

// Of the errors of whoever looks for a device. `netns`: as it was asked for; empty: in all.
Error no_such_device(const std::string &iface, const std::string &netns);

}  // namespace whydrop
