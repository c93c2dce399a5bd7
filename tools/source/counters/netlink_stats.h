// SPDX-License-Identifier: GPL-2.0-or-later
// What netlink(7) tells of the devices and queues of the calling thread's network namespace. Each
// is one dump, however many devices there are.
#pragma once

#include <vector>

#include "source/counters/counter.h"
#include "source/counters/message.h"
#include "sys/result.h"

namespace whydrop {

Result<DeviceNames> device_names();
Result<std::vector<CounterGroup>> link_stats(const DeviceNames &names);
Result<std::vector<CounterGroup>> qdisc_stats(const DeviceNames &names);

// PAUSE frames and the groups of standard counters. A kernel or a driver without gives nothing.
class EthtoolStats {
  public:
    std::vector<CounterGroup> read();

  private:
    int family_ = -1;  // of generic netlink; -1: not looked for, 0: the kernel has none
};

}  // namespace whydrop
