// SPDX-License-Identifier: GPL-2.0-or-later
// What an explanation may ask of the machine the packets were lost on: one implementation for the
// live host, one for a vmcore. An answer that cannot be had is absent, never a guess.
#pragma once

#include <cstdint>
#include <optional>

#include "model/packet.h"

namespace whydrop {

class HostView {
  public:
    virtual ~HostView() = default;
    // Is the address one of the namespace's own?
    virtual std::optional<bool> is_local_address(uint32_t netns,
                                                 const IpAddress &address) const = 0;
};

// Knows nothing: for recordings, and for kernels of which only the packets are left.
class NoHostView : public HostView {
  public:
    std::optional<bool> is_local_address(uint32_t, const IpAddress &) const override { return {}; }
};

}  // namespace whydrop
