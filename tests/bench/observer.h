// SPDX-License-Identifier: GPL-2.0-or-later
// What the process that observes us (our parent) has used: /proc/PID/task/*/schedstat and smaps.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace whydrop::bench {

// CPU time of all its threads; 0 when the kernel does not say (CONFIG_SCHED_INFO).
uint64_t process_cpu_ns(pid_t pid);

// Resident memory without the mappings of BPF maps.
uint64_t process_rss_bytes(pid_t pid);

}  // namespace whydrop::bench
