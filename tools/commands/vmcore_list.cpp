// SPDX-License-Identifier: GPL-2.0-or-later
// Source lines of what an oops or a backtrace says, without any dump.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands/command.h"
#include "commands/document_options.h"
#include "commands/vmcore_parts.h"
#include "render/document.h"
#include "source/debuginfo/locations.h"

namespace whydrop {
namespace {

struct Options {
    std::vector<std::string> locations, modules;
    std::string vmlinux;
    DocumentOptions document;
};

// Modules first: a name that is in both is a module's own.
Result<std::vector<DebugFile>> open_files(const Options &options) {
    std::vector<std::string> paths = options.modules;
    if (!options.vmlinux.empty())
        paths.push_back(options.vmlinux);
    if (paths.empty())
        return Error{Errc::usage, "no file with debug information is given",
                     "whydrop vmcore list FUNCTION+OFFSET --module FILE, or --vmlinux FILE"};
    std::vector<DebugFile> files;
    for (const std::string &path : paths) {
        auto file = DebugFile::open(path);
        if (!file)
            return file.error();
        files.push_back(std::move(*file));
    }
    return files;
}

Result<int> run(const Options &options, const Invocation &invocation) {
    const auto files = open_files(options);
    if (!files)
        return files.error();
    const auto section = source_lines_of(*files, options.locations);
    if (!section)
        return section.error();
    Output output(STDOUT_FILENO);
    DocumentWriter writer(output, style_of(options.document, invocation));
    auto shown = writer.write(*section);
    if (!shown && !output.closed())
        return shown.error();
    return 0;
}

void add_files(CLI::App &app, std::string &vmlinux, std::vector<std::string> &modules) {
    app.add_option("--vmlinux", vmlinux, "The kernel's vmlinux with debug information")
        ->type_name("FILE");
    app.add_option("--module", modules, "A module's .ko with debug information; may be repeated")
        ->type_name("FILE")
        ->expected(1);
}

}  // namespace

void add_debug_options(CLI::App &app, DebugWanted &debug) {
    add_files(app, debug.vmlinux, debug.modules);
    app.add_flag_callback(
        "--no-debuginfo", [&debug] { debug.look = false; },
        "Do not look for debug information in the usual places");
}

Subcommand add_vmcore_list(CLI::App &vmcore) {
    auto options = std::make_shared<Options>();
    CLI::App *sub = vmcore.add_subcommand("list", "Source lines of functions, without a dump");
    sub->add_option("LOCATION", options->locations,
                    "Where, as a trace has it: ip_rcv+0x1c, or ip_rcv+0x1c/0x1c2")
        ->required();
    add_document_options(*sub, options->document);
    add_files(*sub, options->vmlinux, options->modules);
    add_examples(*sub, {{"whydrop vmcore list josh_handle_packets+0x27a --module josh.ko",
                         "where in its source a driver was, from an oops alone"}});
    return {sub, [options](const Invocation &call) { return run(*options, call); }};
}

}  // namespace whydrop
