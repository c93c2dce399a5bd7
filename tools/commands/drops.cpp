// SPDX-License-Identifier: GPL-2.0-or-later
// Counts every packet the kernel loses and says where and why.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands/command.h"
#include "commands/outputs.h"
#include "commands/run_length.h"
#include "engine/drop_run.h"
#include "model/text.h"

namespace whydrop {
namespace {

struct Options {
    DropOptions run;
    std::vector<std::string> by;
    std::vector<std::string> filter_words;
    DropOutputOptions output;
    bool no_header = false;
    RunLength length;
};

Status set_keys(Options &options) {
    if (options.by.empty())
        return success();
    options.run.by = 0;
    for (const std::string &name : options.by) {
        const auto key = group_key_by_name(name);
        if (!key)
            return Error{Errc::usage, "--by does not know '" + name + "'",
                         "it takes one or more of " + group_key_names()};
        options.run.by |= static_cast<GroupKeys>(*key);
    }
    if (options.run.each && has(options.run.by, GroupKey::stack))
        return Error{Errc::usage, "--by stack counts in the kernel, --each does not",
                     "-s shows the stack of each drop"};
    return success();
}

Result<int> run(Options options, const Invocation &invocation) {
    if (auto keys = set_keys(options); !keys)
        return keys.error();
    for (const std::string &word : options.filter_words)
        options.run.filter.packet += (options.run.filter.packet.empty() ? "" : " ") + word;
    options.run.command = invocation.observed;
    options.run.command_line = invocation.command_line;
    options.run.snap_bytes = (options.run.snap_bytes + 7) / 8 * 8;
    options.output.text.style.header = !options.no_header;
    options.output.colour = invocation.colour;
    options.output.live = !options.run.each;
    options.output.capture.filter = options.run.filter.packet;
    if (auto checked = DropOutput::check(options.output); !checked)
        return checked.error();
    DropOutput output(options.output);
    // With --each the drops themselves are the news; the table comes at the end.
    options.run.interval_s =
        options.run.each || options.output.text.quiet ? 0 : options.length.interval_s;
    options.run.duration_s = options.length.duration_s;
    options.run.stop_after = options.length.count;
    auto end = run_drops(options.run, output.sinks());
    if (!end)
        return end.error();
    return end->command_status.value_or(0);
}

void add_what(CLI::App &app, Options &options) {
    DropFilter &filter = options.run.filter;
    const char *group = "What to count (checked in the kernel)";
    app.add_option("-i,--iface", filter.iface, "Drops on this device (name or index)")
        ->type_name("IFACE")
        ->group(group);
    app.add_option("-n,--netns", filter.netns,
                   "Drops in this network namespace (name, pid, path or inode)")
        ->type_name("NETNS")
        ->group(group);
    app.add_option("-r,--reason", filter.reasons,
                   "Drops for these reasons; with '!' before each, all but these")
        ->type_name("REASON,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group(group);
    app.add_option("--proto", filter.proto,
                   "Drops of this protocol (ipv4, ipv6, arp, tcp, udp, icmp, ..., or its number)")
        ->type_name("PROTO")
        ->group(group);
    app.add_option("-p,--pid", filter.pid, "Drops while this process was running (not in softirq)")
        ->type_name("PID")
        ->group(group);
    app.add_option("--comm", filter.comm, "The same by the process's name")
        ->type_name("NAME")
        ->group(group);
    app.add_option("FILTER", options.filter_words,
                   "Drops of packets that match this pcap-filter(7) expression")
        ->type_name("FILTER")
        ->group(group);
}

void add_how(CLI::App &app, Options &options) {
    const char *group = "How to count";
    app.add_option("--by", options.by,
                   "Count by these keys: " + group_key_names() +
                       " (default reason,location,dev). stack costs about 2 us a drop")
        ->type_name("KEY,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group(group);
    app.add_flag("-s,--stack", options.run.stacks,
                 "Show the first stack of each group (of each drop with --each)")
        ->group(group);
    app.add_flag("--each", options.run.each, "Show every drop instead of counting in the kernel")
        ->group(group);
    app.add_option("--snaplen", options.run.snap_bytes,
                   "Bytes of each packet to copy with --each, at most 16384 (default 128)")
        ->type_name("BYTES")
        ->check(CLI::Range(0, 16384))
        ->group(group);
    app.add_option("--max-groups", options.run.max_groups,
                   "Groups the kernel keeps between two readings (default 8192, flows 131072)")
        ->type_name("N")
        ->check(CLI::Range(1, 4194304))
        ->group(group);
    app.add_option("--ring-size", options.run.ring_bytes,
                   "Bytes of the ring buffer (default 1M, with --each 32M; K, M and G work)")
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::Range(4096, 1 << 30))
        ->group(group);
}

void add_output(CLI::App &app, Options &options) {
    const char *group = "What to show and keep";
    add_outputs(app, options.output, group);
    app.add_flag("--all", options.output.text.style.show_folded,
                 "Show the drops of normal operation too, instead of folding them")
        ->group(group);
    app.add_option("--rules", options.run.rules, "Read more rules (*.yaml) from this directory")
        ->type_name("DIR")
        ->allow_extra_args(false)
        ->group(group);
    app.add_flag("--no-header", options.no_header, "Tables without their header")->group(group);
    app.add_flag("--wide", options.output.text.style.wide,
                 "More than 100 columns where it takes them")
        ->group(group);
    app.add_flag("-q,--quiet", options.output.text.quiet, "Only the summary at the end")
        ->group(group);
    app.add_flag("-v,--verbose", options.output.text.style.verbose,
                 "Show what is observed, and how, before it begins")
        ->group(group);
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    add_what(app, *options);
    add_how(app, *options);
    add_run_length(app, options->length,
                   "Stop after N drops (exactly with --each, else when N or more were counted)");
    add_output(app, *options);
    add_examples(
        app,
        {{"whydrop drops", "what the kernel loses now, until Ctrl-C"},
         {"whydrop drops -d 10 -i eth0", "what eth0 loses in ten seconds"},
         {"whydrop drops --by flow,reason --proto tcp", "which connections lose"},
         {"whydrop drops -n web -r '!TCP_OLD_ACK'", "in the namespace web, less noise"},
         {"whydrop drops 'tcp port 443 and net 10.0.0.0/8'", "by a filter as tcpdump takes it"},
         {"whydrop drops --each -c 5 -s", "the next five drops, with stacks"},
         {"whydrop drops --pcapng lost.pcapng", "samples for Wireshark, with reasons"},
         {"whydrop drops -f json -- ping -c 3 10.0.0.2",
          "what is lost while ping runs, for a program"}});
    return [options](const Invocation &invocation) { return run(*options, invocation); };
}

}  // namespace

extern const Command drops_command{
    "drops", "Count every packet the kernel loses, and say where and why", true, setup};

}  // namespace whydrop
