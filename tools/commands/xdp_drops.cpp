// SPDX-License-Identifier: GPL-2.0-or-later
// whydrop xdp drops: packets that XDP programs lose.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "commands/outputs.h"
#include "commands/packet_options.h"
#include "commands/run_length.h"
#include "commands/xdp_parts.h"
#include "engine/xdp_drop_run.h"

namespace whydrop {
namespace {

struct Options {
    XdpDropOptions run;
    std::vector<std::string> answers = {"drop", "aborted", "invalid"};
    std::vector<std::string> filter_words;
    DropOutputOptions output;
    bool no_header = false;
    RunLength length;
};

std::string answer_names() {
    std::string names;
    for (size_t i = 0; i < xdp_answers; i++)
        names += (i ? ", " : "") + std::string(name_of(static_cast<XdpAnswer>(i)));
    return names;
}

Result<std::vector<XdpAnswer>> answers_of(const std::vector<std::string> &words) {
    std::vector<XdpAnswer> answers;
    for (const std::string &word : words) {
        size_t i = 0;
        while (i < xdp_answers && word != name_of(static_cast<XdpAnswer>(i)))
            i++;
        if (i == xdp_answers)
            return Error{Errc::usage, "--action does not know '" + word + "'",
                         "it takes one or more of " + answer_names()};
        answers.push_back(static_cast<XdpAnswer>(i));
    }
    return answers;
}

DocumentOutputOptions shown_as(const Options &options, const Invocation &invocation) {
    DocumentOutputOptions shown;
    shown.style.json = options.output.format == "json";
    shown.style.header = !options.no_header;
    shown.style.wide = options.output.text.style.wide;
    shown.style.colour = use_colour(invocation.colour, 1);
    shown.quiet = options.output.text.quiet;
    shown.recording = options.output.recording;
    shown.stdout_taken = options.output.capture.path == "-";
    return shown;
}

Result<int> run(Options options, const Invocation &invocation) {
    const auto answers = answers_of(options.answers);
    if (!answers)
        return answers.error();
    options.run.ask.answers = *answers;
    options.run.ask.filter = joined_filter(options.filter_words);
    if (auto checked = DropOutput::check(options.output); !checked)
        return checked.error();
    options.run.capture = options.output.capture;
    options.run.capture.filter = options.run.ask.filter;
    options.run.verbose = options.output.text.style.verbose;
    options.run.stop_after = options.length.count;
    options.run.time.duration_s = options.length.duration_s;
    // With --each the packets themselves are the news; the table comes at the end.
    options.run.time.interval_s =
        options.run.each || options.output.text.quiet ? 0 : options.length.interval_s;
    options.run.time.command = invocation.observed;
    options.run.command_line = invocation.command_line;
    DocumentOutput output(shown_as(options, invocation));
    return run_xdp_drops(options.run, output);
}

void add_what(CLI::App &app, Options &options) {
    const char *group = "What to see (checked in the kernel)";
    app.add_option("-i,--iface", options.run.iface, "Packets on this device (name or index)")
        ->type_name("IFACE")
        ->group(group);
    app.add_option("-n,--netns", options.run.netns,
                   "Packets in this network namespace (name, pid, path or inode)")
        ->type_name("NETNS")
        ->group(group);
    add_list(app, "--action", options.answers,
             "Packets that were answered so: " + answer_names() + " (default drop,aborted,invalid)",
             "ACTION,...")
        ->group(group);
    app.add_option("FILTER", options.filter_words,
                   "Packets that match this pcap-filter(7) expression")
        ->type_name("FILTER")
        ->group(group);
}

void add_how(CLI::App &app, Options &options) {
    const char *group = "How to see it";
    app.add_flag("--each", options.run.each, "Show every packet, and the table at the end")
        ->group(group);
    app.add_option("--snaplen", options.run.ask.snap_bytes,
                   "Bytes of each packet to copy, at most 16384 (default 128)")
        ->type_name("BYTES")
        ->check(CLI::Range(0, 16384))
        ->group(group);
    app.add_option("--ring-size", options.run.ask.ring_bytes,
                   "Bytes of the ring buffer (default 1M; K, M and G work)")
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::Range(4096, 1 << 30))
        ->group(group);
}

}  // namespace

Subcommand add_xdp_drops(CLI::App &xdp) {
    auto options = std::make_shared<Options>();
    CLI::App *app = xdp.add_subcommand(
        "drops", "Show the packets that XDP programs lose, and what was done to them before");
    add_what(*app, *options);
    add_how(*app, *options);
    add_run_length(*app, options->length, "Stop when N packets or more were counted");
    add_outputs(*app, options->output);
    add_shown(*app, options->output, options->no_header, "Say which programs are observed");
    add_examples(*app,
                 {{"whydrop xdp drops", "which programs lose packets, until Ctrl-C"},
                  {"whydrop xdp drops -i eth0 --each udp port 53", "each lost DNS packet of eth0"},
                  {"whydrop xdp drops --action drop,pass --pcapng all.pcapng -d 10",
                   "what is dropped and what passes, for Wireshark"}});
    return {app, [options](const Invocation &invocation) { return run(*options, invocation); },
            true};
}

}  // namespace whydrop
