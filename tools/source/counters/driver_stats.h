// SPDX-License-Identifier: GPL-2.0-or-later
// What the drivers of devices count, in words of their own (ethtool -S), and the interrupts of
// their queues.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "source/counters/counter.h"
#include "source/counters/message.h"
#include "sys/handle.h"

namespace whydrop {

// For one network namespace: the one in which read() is called first.
class DriverStats {
  public:
    // A driver that keeps no counters gives none.
    std::vector<CounterGroup> read(const DeviceNames &devices);

  private:
    CounterGroup counters_of(uint32_t ifindex, const std::string &dev);
    CounterGroup interrupts_of(uint32_t ifindex, const std::string &dev);

    Fd socket_;
    std::set<uint32_t> without_;  // devices whose drivers count nothing
    std::map<uint32_t, std::vector<std::string>> interrupts_;  // of devices: their numbers
};

}  // namespace whydrop
