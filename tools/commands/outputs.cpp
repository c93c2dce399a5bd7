// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/outputs.h"

#include <CLI/CLI.hpp>

#include "commands/command.h"

namespace whydrop {

namespace {

constexpr uint64_t million = 1'000'000;  // as tcpdump counts

}  // namespace

void add_outputs(CLI::App &app, DropOutputOptions &options, const char *group) {
    add_format(app, options.format)->group(group);
    app.add_option("--pcapng", options.capture.path,
                   "Write the packets that are sampled (with --each: all) to this file, each with "
                   "its reason, for Wireshark; -: stdout")
        ->type_name("FILE")
        ->group(group);
    app.add_option_function<uint64_t>(
           "-C,--rotate",
           [&options](uint64_t size) { options.capture.rotate_bytes = size * million; },
           "Begin a new file when the capture is larger than so many million bytes")
        ->type_name("MB")
        ->check(CLI::Range(1, 1'000'000))
        ->group(group);
    app.add_option("-W,--files", options.capture.files,
                   "With -C: keep so many files, and write over the oldest")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000))
        ->group(group);
    app.add_option("-o,--record", options.recording,
                   "Record the run as JSON lines in this file, to be read again")
        ->type_name("FILE")
        ->group(group);
}

}  // namespace whydrop
