// SPDX-License-Identifier: GPL-2.0-or-later
// NAPI: who polls the devices' queues, and what was about to be polled (struct napi_struct, and
// softnet_data.poll_list of each CPU).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop::kdump {

class Kernel;
struct Network;

struct Napi {
    uint64_t address = 0;  // of its napi_struct
    uint32_t netns = 0;    // inode; of the device
    std::string device;    // empty: none, as the backlog of each CPU has none
    uint64_t poll = 0;     // the driver's function
    int64_t weight = 0;    // packets at most in a poll
    uint32_t id = 0;       // 0: none
    uint64_t state_bits = 0;
    std::vector<std::string> state;  // "sched", "missed", "disable", ...: enum NAPI_STATE_*
    std::optional<uint32_t> cpu;     // on whose poll_list it was

    // Asked for, polled, or switched off by its driver; not merely there.
    [[nodiscard]] bool active() const;
};

struct NapiTable {
    std::vector<Napi> all;  // by device; what hangs at a CPU alone comes last
    uint64_t lost = 0;      // lists that could not be read to their end
};

NapiTable read_napi(Kernel &kernel, const Network &network);

}  // namespace whydrop::kdump
