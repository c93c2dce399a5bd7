// SPDX-License-Identifier: GPL-2.0-or-later
// Events of one CPU, in the order of its buffer, and the stacks that were recorded for them.
// Between an event and its stack there can be those of an interrupt, with theirs.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "model/trace_event.h"
#include "source/events/kernel_stack.h"

namespace whydrop {

using EachEvent = std::function<void(const TraceEventView &)>;

class StackJoiner {
  public:
    // Of an event that waits for its stack nothing is given away yet.
    void event(const TraceEventView &event, const EachEvent &each);
    // A kernel_stack event's record.
    void stack(const KernelStackReader &reader, std::span<const std::byte> record,
               const EachEvent &each);
    // No more come: what waits goes without.
    void flush(const EachEvent &each);

  private:
    struct Waiting {
        TraceEventView event;  // its record is in `bytes`
        std::vector<std::byte> bytes;
        int level = 0;  // of interrupts: none, softirq, hardirq, NMI
    };
    void give(size_t from, const EachEvent &each);

    std::vector<Waiting> waiting_;
    size_t count_ = 0;  // of `waiting_`, whose memory is kept
    std::vector<uint64_t> addresses_;
};

}  // namespace whydrop
