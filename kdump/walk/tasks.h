// SPDX-License-Identifier: GPL-2.0-or-later
// The dead kernel's tasks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop::kdump {

class Kernel;

struct Task {
    uint64_t address = 0;  // of its task_struct
    int32_t pid = 0, tgid = 0, parent = 0;
    std::string comm;
    uint64_t state = 0;  // __state's bits
    uint32_t cpu = 0;
    bool on_cpu = false;  // was running
    bool idle = false;    // one of the CPUs' own
    uint64_t stack = 0;   // lowest address
    uint64_t sp = 0;      // where it was put to sleep

    // In the D state: asleep, and not to be woken by a signal. Idle kernel threads are not.
    [[nodiscard]] bool blocked() const;
    [[nodiscard]] std::string state_letters() const;  // "R", "S", "D", "T", "Z", "I", ...
};

struct Tasks {
    std::vector<Task> all;  // the CPUs' idle tasks first, then by the kernel's list
    uint64_t lost = 0;      // not readable
};

// Errors: failed, where not even the list's head can be read.
Result<Tasks> read_tasks(Kernel &kernel);

// What ran on a CPU. Errors: failed.
Result<Task> running_on(Kernel &kernel, uint32_t cpu);

}  // namespace whydrop::kdump
