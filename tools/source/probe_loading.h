// SPDX-License-Identifier: GPL-2.0-or-later
// What loading any object of probes takes: a packet filter that fits, and words for a refusal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "filter/packet_filter.h"
#include "sys/result.h"

namespace whydrop {

class KernelBtf;

// What the kernel has against it, with what libbpf said since keep_libbpf_words().
Error load_error(int err);

// `cast`: the program reads memory directly. Absent: no filter is asked for.
Result<std::optional<PacketFilter>> packet_filter_for(const std::string &expression, bool cast,
                                                      KernelBtf &btf);

// How often the kernel did not run a program because one was already running on that CPU. Kernels
// that do not count it give 0.
uint64_t recursion_misses(int program);

}  // namespace whydrop
