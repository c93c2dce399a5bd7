// SPDX-License-Identifier: GPL-2.0-or-later
// Questions to rtnetlink(7), asked in the calling thread's network namespace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "sys/result.h"

struct nlmsghdr;

namespace whydrop {

struct RtnetlinkQuestion {
    int type = 0;                  // RTM_GETLINK
    const void *header = nullptr;  // of the family: an ifinfomsg
    size_t header_bytes = 0;
    uint16_t answer = 0;  // RTM_NEWLINK
    // A number that the question is about. Without, all there are are asked for.
    std::optional<std::pair<int, uint32_t>> attribute;
};

// Gives every answer of the type that was asked for whose header is at least as long as the
// question's. Errors: failed, also when a list changed so often that it could not be had whole.
Status rtnetlink_ask(const RtnetlinkQuestion &question,
                     const std::function<void(nlmsghdr *)> &each);

}  // namespace whydrop
