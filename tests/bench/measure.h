// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the generator under an observer and takes the figures from what both of them print.
#pragma once

#include <optional>

#include "sys/result.h"
#include "variants.h"

namespace whydrop::bench {

struct Tools {
    std::string whydrop, generate, observe, stamp;
    bool bpftrace = false;  // is installed
};

struct Effort {
    uint64_t frames = 1 << 20;
    uint32_t max_flows = ~0u;  // for a quick look: fewer than the variant asks for
    uint64_t rate = 0;
    std::string cpus = "0";  // of the generator
};

struct Measured {
    std::string method;
    uint64_t sent = 0;
    double ns_per_drop = 0;
    double drops_per_s = 0;
    double observer_cpu = 0;  // of one CPU, while the drops came
    uint64_t observer_rss_bytes = 0;
    // Of whydrop: events that are the generator's, and lost ones among them that it owns up to.
    uint64_t counted = 0, lost = 0;
};

// Errors: something could not be run, or whydrop's answer does not add up.
Result<Measured> measure(const Tools &tools, const Variant &variant, const Effort &effort);

// From fork to the start of the observer's command.
Result<double> ms_to_attached(const Tools &tools, Observer observer);

}  // namespace whydrop::bench
