// SPDX-License-Identifier: GPL-2.0-or-later
// whydrop xdp stats: what programs answer, by action.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands/report_run.h"
#include "commands/xdp_parts.h"
#include "engine/xdp_stats_run.h"

namespace whydrop {
namespace {

struct Options {
    XdpStatsOptions stats;
    ReportRun report;
};

Result<int> run(const Options &options, const Invocation &invocation) {
    const auto where = options.report.output(invocation);
    if (!where)
        return where.error();
    XdpStatsOptions stats = options.stats;
    stats.stop_after = options.report.length.count;
    stats.time = options.report.time(invocation);
    stats.command_line = invocation.command_line;
    DocumentOutput output(*where);
    return run_xdp_stats(stats, output);
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
    add_run_length(*app, options->report.length, "Stop when N packets or more were counted");
    add_top(*app, options->report);
    add_report_output(*app, options->report);
    add_examples(*app, {{"whydrop xdp stats", "what every program answers, until Ctrl-C"},
                        {"whydrop xdp stats -i eth0 -d 10", "of one device, for ten seconds"},
                        {"whydrop xdp stats -n web -f json -- ./load-test",
                         "in a namespace while a test runs, for a program"}});
    return {app, [options](const Invocation &invocation) { return run(*options, invocation); },
            true};
}

}  // namespace whydrop
