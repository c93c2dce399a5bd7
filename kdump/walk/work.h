// SPDX-License-Identifier: GPL-2.0-or-later
// Workqueues: what runs, what waits its turn, and who waits for whom.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace whydrop::kdump {

class Kernel;
struct Task;

enum class WorkState { running, pending, inactive };

struct Work {
    WorkState state = WorkState::pending;
    uint64_t address = 0;   // of its work_struct
    uint64_t function = 0;  // what it calls
    std::string queue;      // the workqueue's name; empty: not known
    int32_t pool = -1;      // the worker pool's number
    int32_t cpu = -1;       // of the pool; -1: unbound
    int32_t worker = 0;     // pid of the worker that runs it; 0: none does
};

// A task that waits in flush_work() until a work is done.
struct WorkWait {
    int32_t waiter = 0;  // pid
    std::string waiter_comm;
    int32_t worker = 0;     // pid of the worker it waits for
    uint64_t function = 0;  // what that worker runs; 0: not known
};

struct Workqueues {
    std::vector<Work> works;  // running ones first
    std::vector<WorkWait> waits;
    uint64_t lost = 0;  // workers or pools that could not be read
};

Workqueues read_workqueues(Kernel &kernel, const std::vector<Task> &tasks);

}  // namespace whydrop::kdump
