// SPDX-License-Identifier: GPL-2.0-or-later
// The stacks of tasks and CPUs.
#pragma once

#include <cstdint>
#include <optional>

#include "kdump/unwind/unwinder.h"
#include "kdump/walk/tasks.h"

namespace whydrop::kdump {

class Kernel;

class Backtraces {
  public:
    // Keeps a reference to the kernel. Errors: failed, where it has no ORC tables.
    static Result<Backtraces> open(Kernel &kernel);

    // Of a task that was not running.
    [[nodiscard]] Backtrace of_sleeping(const Task &task) const;
    // Of a CPU, by the registers that the dump has of it; `task` ran there. Errors: failed, the
    // dump has none.
    [[nodiscard]] Result<Backtrace> of_cpu(size_t index, const std::optional<Task> &task) const;

  private:
    Backtraces(Kernel &kernel, Unwinder unwinder, InactiveFrame inactive)
        : kernel_(&kernel), unwinder_(std::move(unwinder)), inactive_(inactive) {}

    [[nodiscard]] static std::optional<StackLimits> stack_of(const Task &task);

    Kernel *kernel_;
    Unwinder unwinder_;
    InactiveFrame inactive_;
};

}  // namespace whydrop::kdump
