// SPDX-License-Identifier: GPL-2.0-or-later
// Events of several CPUs, each in its own order, put into that of their time.
#pragma once

#include <cstdint>
#include <vector>

#include "source/events/stack_joiner.h"

namespace whydrop {

class EventSorter {
  public:
    void add(const TraceEventView &event);
    // Gives away all from before `time_ns`; nothing older may be added after.
    void give(uint64_t time_ns, const EachEvent &each);

  private:
    struct Kept {
        TraceEventView event;  // without what it refers to
        size_t bytes = 0, size = 0;
        size_t stack = 0, depth = 0;
    };
    std::vector<Kept> kept_;
    std::vector<std::byte> bytes_;
    std::vector<uint64_t> stacks_;
};

}  // namespace whydrop
