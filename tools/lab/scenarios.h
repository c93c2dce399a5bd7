// SPDX-License-Identifier: GPL-2.0-or-later
// Drops that can be ordered: each scenario makes the kernel lose an exact number of packets for one
// known reason. All of them are lost in the namespace of Side::rx.
#pragma once

#include <string>
#include <vector>

#include "lab/network.h"
#include "sys/result.h"

namespace whydrop {

struct Scenario {
    std::string id;        // stable; that of the cause unless two scenarios share one
    std::string sentence;  // what is done, for the reader of the demo
    std::string cause_id;  // what whydrop has to say
    std::string reason;    // the kernel's name for it; a kernel without that name gives none here
    // A counter of the kernel, for read_counter(Side::rx), that moves by one per drop; or empty.
    std::string counter;
    // Returns when all are lost, with the network as it was before. Unsupported: not in this
    // kernel.
    Status (*cause)(LabNetwork &network, unsigned times) = nullptr;
    // What whydrop says where the kernel gives no reason, and place and bytes do not tell this
    // cause from another. Empty: cause_id even there.
    std::string derived_cause_id = {};
};

const std::vector<Scenario> &scenarios();
const Scenario *find_scenario(const std::string &id);  // null: there is none

}  // namespace whydrop
