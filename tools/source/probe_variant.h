// SPDX-License-Identifier: GPL-2.0-or-later
// Which of a probe's programs fit the running kernel, and the tracepoints that they go to.
#pragma once

#include <string>
#include <vector>

#include "model/drop.h"
#include "sys/result.h"

namespace whydrop {

class KernelBtf;

struct ProbeHook {
    std::string program, tracepoint;
};

struct ProbeVariant {
    bool cast = false;  // it reads memory directly (enum how of probes/kernel.h)
    std::vector<ProbeHook> hooks;
    std::string description;  // "tp_btf/kfree_skb, 4 arguments, direct reads"
};

// Those to be tried, the best first: bpf_rdonly_cast may exist and still be refused. `tracepoints`:
// where received packets are counted; one or two. Errors: unsupported, naming what is missing.
Result<std::vector<ProbeVariant>> variants_for(PacketEvent event,
                                               const std::vector<std::string> &tracepoints,
                                               KernelBtf &btf);

}  // namespace whydrop
