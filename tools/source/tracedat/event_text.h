// SPDX-License-Identifier: GPL-2.0-or-later
// An event in the words of its `print fmt`, as trace-cmd report prints it, by libtraceevent.
#pragma once

#include <memory>
#include <string>

#include "source/tracedat/trace_dat.h"

namespace whydrop::tracedat {

// Formats are given to the library when the first event of them comes.
class EventPrinter {
  public:
    explicit EventPrinter(TraceDat &file);
    EventPrinter(EventPrinter &&) noexcept;
    ~EventPrinter();

    // What stands behind the name of the event: "dev=lo skbaddr=0xffff88833a4c9500 len=48".
    std::string text(const TraceEventView &event);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace whydrop::tracedat
