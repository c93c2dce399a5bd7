// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks as events: ftrace:kernel_stack follows the event it belongs to, on the same CPU
// (options/stacktrace, or the trigger of that name).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "model/event_format.h"
#include "model/trace_event.h"
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
    std::optional<FieldReader> count_;
    uint32_t long_size_;
    std::endian order_;
};

// Stacks as a hist trigger has them: without the functions of tracing itself, beginning behind
// trace_event_raw_event_X and what called it. As deep as that of the newest kernels at most
// (HIST_STACKTRACE_DEPTH, 16 before kernel 6.13).
class HistStacks {
  public:
    std::span<const uint64_t> trimmed(std::span<const uint64_t> stack, EventNames &names);

  private:
    bool is_probe(uint64_t address, EventNames &names);
    std::unordered_map<uint64_t, bool> probes_;
};

}  // namespace whydrop
