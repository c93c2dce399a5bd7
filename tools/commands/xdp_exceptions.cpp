// SPDX-License-Identifier: GPL-2.0-or-later
// whydrop xdp exceptions: what goes wrong behind XDP programs.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands/report_run.h"
#include "commands/xdp_parts.h"
#include "engine/xdp_exception_run.h"

namespace whydrop {
namespace {

struct Options {
    std::string iface, netns;
    std::vector<std::string> by;
    bool sample = false;
    ReportRun report;
};

Result<int> run(const Options &options, const Invocation &invocation) {
    const auto keys = error_keys_by_name(options.by);
    if (!keys)
        return keys.error();
    const auto where = options.report.output(invocation);
    if (!where)
        return where.error();
    XdpExceptionOptions run;
    run.iface = options.iface;
    run.netns = options.netns;
    run.keys = *keys;
    run.sample = options.sample;
    run.time = options.report.time(invocation);
    run.command_line = invocation.command_line;
    DocumentOutput shown(*where);
    return run_xdp_exceptions(run, shown);
}

}  // namespace

Subcommand add_xdp_exceptions(CLI::App &xdp) {
    auto options = std::make_shared<Options>();
    CLI::App *app =
        xdp.add_subcommand("exceptions", "Count what goes wrong behind XDP programs, and say why");
    app->add_option("-i,--iface", options->iface, "Only on this device (name or index)")
        ->type_name("IFACE");
    app->add_option("-n,--netns", options->netns,
                    "Only in this network namespace (name, pid, path or inode)")
        ->type_name("NETNS");
    add_list(*app, "--by", options->by,
             "Count by these: " + error_key_names() + " (default all but cpu)", "KEY,...");
    app->add_flag("--sample", options->sample,
                  "Show the first packets that were answered with XDP_ABORTED or no action, where "
                  "the kernel lets it");
    add_run_length(*app, options->report.length);
    add_report_output(*app, options->report);
    add_examples(*app,
                 {{"whydrop xdp exceptions", "until Ctrl-C, a table each second"},
                  {"whydrop xdp exceptions -i eth0 --by error,cpu -d 10", "on which CPUs of eth0"},
                  {"whydrop xdp exceptions -- ping -c 3 10.0.0.2", "while a command runs"}});
    return {app, [options](const Invocation &invocation) { return run(*options, invocation); },
            true};
}

}  // namespace whydrop
