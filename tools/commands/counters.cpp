// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel's counters say about a problem while it happens.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands/command.h"
#include "commands/report_run.h"
#include "engine/counters_report.h"
#include "engine/counters_run.h"
#include "source/counters/reader.h"

namespace whydrop {
namespace {

struct Options {
    std::string iface, netns;
    bool all = false;
    ReportRun report;
};

Result<int> run(const Options &options, const Invocation &invocation) {
    const auto where = options.report.output(invocation);
    if (!where)
        return where.error();
    CountersRunOptions run;
    run.netns = options.netns;
    run.dev = options.iface;
    run.all = options.all;
    run.time = options.report.time(invocation);
    run.command_line = invocation.command_line;
    DocumentOutput output(*where);
    return run_counters(run, output);
}

struct ExplainOptions {
    std::vector<std::string> names;
    std::string netns;
    DocumentOptions document;
};

Result<int> explain(const ExplainOptions &options, const Invocation &invocation) {
    const auto book = CounterBook::built_in();
    if (!book)
        return book.error();
    auto reader = CounterReader::open(options.netns, "");
    if (!reader)
        return reader.error();
    const auto reading = reader->read();
    if (!reading)
        return reading.error();
    Output output(STDOUT_FILENO);
    DocumentWriter writer(output, style_of(options.document, invocation));
    for (const std::string &name : options.names) {
        const auto section = explain_counter(*reading, *book, name);
        if (!section)
            return section.error();
        if (auto written = writer.write(*section); !written)
            return output.closed() ? Result<int>(0) : written.error();
    }
    if (auto flushed = output.flush(); !flushed && !output.closed())
        return flushed.error();
    return 0;
}

void add_netns(CLI::App &app, std::string &netns) {
    app.add_option("-n,--netns", netns,
                   "In this network namespace (name, pid, path or inode), not in one's own")
        ->type_name("NETNS");
}

Subcommand add_explain(CLI::App &counters) {
    auto options = std::make_shared<ExplainOptions>();
    CLI::App *app = counters.add_subcommand("explain", "What a counter means, by its name");
    app->add_option("NAME", options->names, "As the kernel has it, or SOURCE/NAME")
        ->type_name("NAME")
        ->required();
    add_netns(*app, options->netns);
    add_document_options(*app, options->document);
    add_examples(*app, {{"whydrop counters explain TcpExtListenOverflows",
                         "what it means, which drops belong to it, what to do"},
                        {"whydrop counters explain softnet_stat/dropped", "of one source alone"}});
    return {app, [options](const Invocation &invocation) { return explain(*options, invocation); }};
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    app.add_option("-i,--iface", options->iface, "Only what belongs to this device")
        ->type_name("IFACE");
    add_netns(app, options->netns);
    app.add_flag("--all", options->all, "Everything that changed, normal traffic too");
    add_run_length(app, options->report.length);
    add_top(app, options->report);
    add_report_output(app, options->report);
    std::vector<Subcommand> parts = {add_explain(app)};
    app.require_subcommand(0, 1);
    add_examples(app,
                 {{"whydrop counters", "what is suspicious, until Ctrl-C"},
                  {"whydrop counters -- curl http://10.0.0.2/", "what changed while curl ran"},
                  {"whydrop counters -d 10 -i eth0 --all", "all that eth0 counts, for 10 seconds"},
                  {"whydrop counters explain TcpExtListenOverflows", "what a counter means"}});
    return chosen_of(std::move(parts),
                     [options](const Invocation &invocation) { return run(*options, invocation); });
}

}  // namespace

extern const Command counters_command{
    "counters", "Say which of the kernel's counters changed, suspicious ones first", true, setup};

}  // namespace whydrop
