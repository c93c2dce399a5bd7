// SPDX-License-Identifier: GPL-2.0-or-later
// Classic BPF -> eBPF, for the places of probes/pcap.bpf.h. The same answer as libpcap's own
// interpreter, but for bytes that the packet has and the program cannot read: then the answer is
// "undecided" instead of a no.
#pragma once

#include <linux/bpf.h>

#include <vector>

#include "filter/expression.h"
#include "sys/result.h"

namespace whydrop {

// How the program reads the packet.
struct FilterReading {
    // The BTF ids of bpf_rdonly_cast() (a35b9af4ec2c, "bpf: Add a kfunc for generic type
    // cast", 6.2) and of a type of 16 bytes; 0: from a copy in a map.
    uint32_t cast_function = 0, cast_type = 0;
    [[nodiscard]] bool direct() const { return cast_function != 0; }
};

// The body of a function with the arguments of PCAP_PLACE that gives back WIRE_PCAP_*. Errors:
// usage, for what a program in the kernel cannot do (loops, what only a live capture knows).
Result<std::vector<bpf_insn>> translate(const ClassicProgram &program,
                                        const FilterReading &reading);

// The same for packets of a kind of which the expression says nothing.
std::vector<bpf_insn> constant_answer(uint32_t verdict);

}  // namespace whydrop
