// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/outputs.h"

#include <CLI/CLI.hpp>

#include "commands/command.h"

namespace whydrop {

namespace {

constexpr uint64_t million = 1'000'000;  // as tcpdump counts

}  // namespace

void add_outputs(CLI::App &app, DropOutputOptions &options) {
    add_format(app, options.format)->group(output_group);
    app.add_option("--pcapng", options.capture.path,
                   "Write the packets that are sampled (with --each: all) to this file, each with "
                   "its reason, for Wireshark; -: stdout")
        ->type_name("FILE")
        ->group(output_group);
    app.add_option_function<uint64_t>(
           "-C,--rotate",
           [&options](uint64_t size) { options.capture.rotate_bytes = size * million; },
           "Begin a new file when the capture is larger than so many million bytes")
        ->type_name("MB")
        ->check(CLI::Range(1, 1'000'000))
        ->group(output_group);
    app.add_option("-W,--files", options.capture.files,
                   "With -C: keep so many files, and write over the oldest")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000))
        ->group(output_group);
    app.add_option("-o,--record", options.recording,
                   "Record the run as JSON lines in this file, to be read again")
        ->type_name("FILE")
        ->group(output_group);
}

void add_shown(CLI::App &app, DropOutputOptions &options, bool &no_header, const char *verbose) {
    app.add_flag("--no-header", no_header, "Tables without their header")->group(output_group);
    app.add_flag("--wide", options.text.style.wide, "More than 100 columns where it takes them")
        ->group(output_group);
    app.add_flag("-q,--quiet", options.text.quiet, "Only the summary at the end")
        ->group(output_group);
    app.add_flag("-v,--verbose", options.text.style.verbose, verbose)->group(output_group);
}

}  // namespace whydrop
