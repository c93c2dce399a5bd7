// SPDX-License-Identifier: GPL-2.0-or-later
// A file of commands for crash, filled with the addresses of a dump.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>

#include "commands/command.h"
#include "commands/vmcore_parts.h"
#include "sys/handle.h"

namespace whydrop {
namespace {

struct Options {
    std::string core, file;
    DebugWanted debug;
};

Result<int> run(const Options &options) {
    auto core = Vmcore::open(options.core, options.debug);
    if (!core)
        return core.error();
    const std::string script = core->crash_script();
    Fd file;
    if (!options.file.empty()) {
        file = Fd(::open(options.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!file)
            return errno_error("cannot write to " + options.file, errno);
    }
    Output output(file ? file.get() : STDOUT_FILENO);
    auto written = output.write(script);
    if (written)
        written = output.flush();
    if (!written && !output.closed())
        return written.error();
    return 0;
}

}  // namespace

Subcommand add_vmcore_crash(CLI::App &vmcore) {
    auto options = std::make_shared<Options>();
    CLI::App *sub =
        vmcore.add_subcommand("crash", "Commands for crash, with this dump's addresses");
    sub->add_option("CORE", options->core, "The dump")->required();
    sub->add_option("-o,--output", options->file, "Write them to this file, not to stdout")
        ->type_name("FILE");
    add_debug_options(*sub, options->debug);
    add_examples(*sub, {{"whydrop vmcore crash vmcore -o core.crash",
                         "then: crash -s -i core.crash vmlinux vmcore"}});
    return {sub, [options](const Invocation &) { return run(*options); }};
}

}  // namespace whydrop
