// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's own counters, as a namespace of the lab shows them.
#pragma once

#include <cstdint>
#include <string>

#include "lab/network.h"
#include "sys/result.h"

namespace whydrop {

// Named as the files under /proc/net name them: "Udp NoPorts" (snmp), "IpExt InNoRoutes" (netstat),
// "Ip6 InDiscards" (snmp6), "lab1 rx_dropped" (dev). Usage error: there is no such counter.
Result<uint64_t> read_counter(const LabNetwork &network, Side side, const std::string &counter);

// The value in a file's text, for read_counter and its test. -1: not there.
int64_t counter_in_pairs(const std::string &text, const std::string &group,
                         const std::string &name);                              // snmp, netstat
int64_t counter_in_list(const std::string &text, const std::string &name);      // snmp6
int64_t rx_dropped_of_device(const std::string &text, const std::string &dev);  // dev

}  // namespace whydrop
