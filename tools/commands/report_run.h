// SPDX-License-Identifier: GPL-2.0-or-later
// How long a run takes whose report is one of sections, and where the report goes: of hist,
// counters and the parts of xdp.
#pragma once

#include <string>

#include "commands/document_options.h"
#include "commands/run_length.h"
#include "engine/document_output.h"
#include "engine/run_time.h"

namespace whydrop {

struct ReportRun {
    RunLength length;
    DocumentOptions document;
    std::string recording;  // -o
    bool quiet = false;     // -q
    size_t top = 0;         // --top

    // Errors: usage, for outputs that contradict each other.
    [[nodiscard]] Result<DocumentOutputOptions> output(const Invocation &invocation) const;
    [[nodiscard]] RunTimeOptions time(const Invocation &invocation) const;
};

// -o, -q, and those of a document.
void add_report_output(CLI::App &app, ReportRun &run);
// --top: of a table that may be long.
void add_top(CLI::App &app, ReportRun &run);

}  // namespace whydrop
