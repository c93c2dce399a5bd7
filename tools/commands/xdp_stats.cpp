// SPDX-License-Identifier: GPL-2.0-or-later
// whydrop xdp stats: what programs answer, by action.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands/document_options.h"
#include "commands/run_length.h"
#include "commands/xdp_parts.h"
#include "engine/xdp_stats_run.h"

namespace whydrop {
namespace {

struct Options {
    XdpStatsOptions stats;
    RunLength length;
    DocumentOptions document;
    DocumentOutputOptions output;
};

Result<int> run(const Options &options, const Invocation &invocation) {
    DocumentOutputOptions where = options.output;
    where.style = style_of(options.document, invocation);
    if (auto checked = DocumentOutput::check(where); !checked)
        return checked.error();
    XdpStatsOptions stats = options.stats;
    stats.stop_after = options.length.count;
    stats.time.duration_s = options.length.duration_s;
    stats.time.interval_s = where.quiet ? 0 : options.length.interval_s;
    stats.time.command = invocation.observed;
    stats.command_line = invocation.command_line;
    DocumentOutput output(where);
    return run_xdp_stats(stats, output);
}

void add_output(CLI::App &app, Options &options) {
    const char *group = "What to show and keep";
    app.add_option("--top", options.output.top, "Rows shown (default 100; JSON has all)")
        ->type_name("N")
        ->group(group);
    app.add_option("-o,--record", options.output.recording,
                   "Record the run as JSON lines in this file")
        ->type_name("FILE")
        ->group(group);
    app.add_flag("-q,--quiet", options.output.quiet, "Only the table at the end")->group(group);
    add_document_options(app, options.document, group);
}

}  // namespace

Subcommand add_xdp_stats(CLI::App &xdp) {
    auto options = std::make_shared<Options>();
    CLI::App *app = xdp.add_subcommand(
        "stats", "Packets, bytes and rates by action, of any program, and errors beside them");
    app->add_option("-i,--iface", options->stats.iface, "Only on this device")->type_name("IFACE");
    app->add_option("-n,--netns", options->stats.netns,
                    "Only in this network namespace (name, pid, path or inode)")
        ->type_name("NETNS");
    add_run_length(*app, options->length, "Stop when N packets or more were counted");
    add_output(*app, *options);
    add_examples(*app, {{"whydrop xdp stats", "what every program answers, until Ctrl-C"},
                        {"whydrop xdp stats -i eth0 -d 10", "of one device, for ten seconds"},
                        {"whydrop xdp stats -n web -f json -- ./load-test",
                         "in a namespace while a test runs, for a program"}});
    return {app, [options](const Invocation &invocation) { return run(*options, invocation); },
            true};
}

}  // namespace whydrop
