// SPDX-License-Identifier: GPL-2.0-or-later
// The answers of the machine we run on.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "explain/host_view.h"

namespace whydrop {

// Asks the kernel by rtnetlink, inside the namespace in question, and believes the answer for a
// second: addresses change while one looks for the reason of a loss. For use by one thread, which
// is in the other namespace during a call. A namespace that is gone or that we may not enter gives
// no answer.
class LiveHost : public HostView {
  public:
    std::optional<bool> is_local_address(uint32_t netns, const IpAddress &address) const override;

  private:
    struct Answer {
        std::chrono::steady_clock::time_point when;
        std::optional<std::set<IpAddress>> addresses;  // absent: could not be had
    };
    const Answer &ask(uint32_t netns) const;

    mutable std::map<uint32_t, Answer> answers_;  // by inode of the namespace
};

}  // namespace whydrop
