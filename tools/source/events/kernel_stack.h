// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks as events: ftrace:kernel_stack follows the event it belongs to, on the same CPU
// (options/stacktrace, or the trigger of that name).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/event_format.h"
#include "source/events/event_names.h"

namespace whydrop {

class KernelStackReader {
  public:
    // `format`: of ftrace:kernel_stack. `long_size`: of the machine the events are of.
    explicit KernelStackReader(const EventFormat &format, std::endian order = std::endian::native,
                               uint32_t long_size = sizeof(uint64_t));
    // The addresses in the record, innermost first, into `stack`, which is emptied before. False:
    // the record is cut.
    bool read(std::span<const std::byte> record, std::vector<uint64_t> &stack) const;

  private:
    std::optional<uint32_t> begin_;
    uint32_t long_size_;
    bool swap_;
};

// Without the functions of tracing itself, of which kernels record more or fewer: begins behind
// trace_event_raw_event_X and what called it, as a hist trigger's stack does, and is as long as
// that at most (HIST_STACKTRACE_DEPTH).
std::span<const uint64_t> as_hist_stack(std::span<const uint64_t> stack, EventNames &names);

}  // namespace whydrop
