// SPDX-License-Identifier: GPL-2.0-or-later
// Each event on a line, as trace-cmd report has it, or as a JSON line.
#pragma once

#include <string>

#include "render/document.h"
#include "source/tracedat/event_text.h"

namespace whydrop {

class TraceList {
  public:
    TraceList(TraceDat &file, bool json, Writer &lines, DocumentWriter &document);

    Status add(const TraceEventView &event, const tracedat::Buffer &buffer);
    Status flush();

  private:
    [[nodiscard]] std::string line(const TraceEventView &event, const tracedat::Buffer &buffer,
                                   int32_t pid, const std::string &text) const;

    TraceDat &file_;
    bool json_;
    Writer &lines_;
    DocumentWriter &document_;
    tracedat::EventPrinter printer_;
    Section rows_;  // of JSON, written some at a time
};

}  // namespace whydrop
