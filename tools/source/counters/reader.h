// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that a network namespace, and the CPUs and devices under it, count. Needs no
// privileges in the caller's own namespace.
#pragma once

#include <string>
#include <vector>

#include "source/counters/counter.h"
#include "source/counters/driver_stats.h"
#include "source/counters/netlink_stats.h"
#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

class CounterReader {
  public:
    // `netns` as open_netns() takes it; empty: the caller's. `dev`: of this device only, with
    // nothing that belongs to none; empty: all.
    static Result<CounterReader> open(const std::string &netns, const std::string &dev);

    // Errors: usage when the device is not there; failed. What a kernel does not count is not
    // there; what could not be read is named.
    Result<CounterReading> read();

  private:
    CounterReader(Fd netns, std::string dev) : netns_(std::move(netns)), dev_(std::move(dev)) {}

    void read_files(CounterReading &reading) const;
    Status read_devices(CounterReading &reading);

    Fd netns_;  // empty: the caller's
    std::string dev_;
    DriverStats drivers_;
    EthtoolStats ethtool_;
    bool begun_ = false;  // a device that goes later is no error
};

}  // namespace whydrop
