// SPDX-License-Identifier: GPL-2.0-or-later
// Whether programs of ours can be attached to the entry and the exit of an XDP program. Errors say
// what is so of "it", the program.
#pragma once

#include "source/bpf_objects.h"
#include "sys/result.h"

namespace whydrop {

// Errors: unsupported, for a program without BTF.
Status can_attach_at_exit(const BpfProgramInfo &program);

// What the kernel has against it, with what libbpf said since keep_libbpf_words(), and what it
// means where that is known.
Error refused_at_exit(int err);

}  // namespace whydrop
