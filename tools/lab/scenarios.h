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
    std::string cause_id;  // what whydrop has to say, on every kernel
    // Names of the reason: the first that the running kernel knows. The kernels that know it and do
    // not use it here yet say one of the later ones. NOT_SPECIFIED goes without saying.
    std::vector<std::string> reasons;
    std::string
        counter;  // of the kernel, for read_counter(Side::rx): moves by one per drop; or empty
    // Returns when all are lost, with the network as it was before. Unsupported: this kernel
    // cannot.
    Status (*cause)(LabNetwork &network, unsigned times) = nullptr;
};

const std::vector<Scenario> &scenarios();
const Scenario *find_scenario(const std::string &id);  // null: there is none

}  // namespace whydrop
