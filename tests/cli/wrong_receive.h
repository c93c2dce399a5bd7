// SPDX-License-Identifier: GPL-2.0-or-later
// What cannot be received.
#pragma once

#include "wrong_use.h"

namespace whydrop::live {

inline const Row receive_rows[] = {
    {"ReceivedByReason",
     "what was received has no reason",
     "$W receive -d 1 --by dev,reason",
     2,
     {"'reason'", "dev, netns, proto"}},
    {"ReceivedNowhere", "a place that packets do not pass", "$W receive --at home", 2, {"--at"}},
    {"ReceivedEachByStack",
     "two ways to count that exclude each other, here too",
     "$W receive --each --by stack",
     2,
     {"--each", "--by stack"}},
    {"PathByKeys",
     "the way of packets has no keys",
     "$W receive --path --by flow",
     2,
     {"--path", "--by"}},
    {"ReceivedOnNoDevice",
     "a device that is not there",
     "$W receive -d 1 -i nosuchdev0",
     2,
     {"nosuchdev0", "ip link"}},
};

}  // namespace whydrop::live
