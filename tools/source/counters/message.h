// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of the kernel's about what devices and queues count, as counters. Each takes a message
// without its nlmsghdr; one that is cut gives what is whole.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "source/counters/attributes.h"
#include "source/counters/counter.h"

namespace whydrop {

struct DeviceName {
    uint32_t ifindex = 0;
    std::string name;
};

using DeviceNames = std::map<uint32_t, std::string>;  // by ifindex

DeviceName read_device_name(Bytes message);  // RTM_NEWLINK

// RTM_NEWSTATS: rtnl_link_stats64 as source "link"; what the kind of the device counts beside it
// (spanning tree and LACP of ports, what an offloading device sent through the CPU) as
// "link_extra".
std::vector<CounterGroup> read_link_stats(Bytes message, const DeviceNames &names);

// RTM_NEWQDISC: bytes, packets, drops, overlimits, requeues, lengths; and what fq, fq_codel, codel
// and red count beside it.
std::vector<CounterGroup> read_qdisc_stats(Bytes message, const DeviceNames &names);

// Of the ethtool family of generic netlink, without the genlmsghdr: the groups of IEEE 802.3 and
// RMON counters (ETHTOOL_MSG_STATS_GET, 5.13), PAUSE frames (ETHTOOL_MSG_PAUSE_GET, 5.10).
std::vector<CounterGroup> read_standard_stats(Bytes attributes);
std::vector<CounterGroup> read_pause_stats(Bytes attributes);

}  // namespace whydrop
