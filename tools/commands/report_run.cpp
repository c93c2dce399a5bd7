// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/report_run.h"

#include <CLI/CLI.hpp>

namespace whydrop {

namespace {

const char *const group = "What to show and keep";

}  // namespace

Result<DocumentOutputOptions> ReportRun::output(const Invocation &invocation) const {
    DocumentOutputOptions output;
    output.style = style_of(document, invocation);
    output.recording = recording;
    output.quiet = quiet;
    output.top = top;
    if (auto checked = DocumentOutput::check(output); !checked)
        return checked.error();
    return output;
}

RunTimeOptions ReportRun::time(const Invocation &invocation) const {
    RunTimeOptions time;
    time.duration_s = length.duration_s;
    time.interval_s = quiet ? 0 : length.interval_s;
    time.command = invocation.observed;
    return time;
}

void add_report_output(CLI::App &app, ReportRun &run) {
    app.add_option("-o,--record", run.recording, "Record the run as JSON lines in this file")
        ->type_name("FILE")
        ->group(group);
    app.add_flag("-q,--quiet", run.quiet, "Only the table at the end")->group(group);
    add_document_options(app, run.document, group);
}

void add_top(CLI::App &app, ReportRun &run) {
    app.add_option("--top", run.top, "Rows shown (default 100; JSON has all)")
        ->type_name("N")
        ->group(group);
}

}  // namespace whydrop
