// SPDX-License-Identifier: GPL-2.0-or-later
// Counts every packet the kernel loses and says where and why.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands/command.h"
#include "commands/outputs.h"
#include "commands/packet_options.h"

namespace whydrop {
namespace {

Run setup(CLI::App &app) {
    auto options = std::make_shared<PacketOptions>();
    const PacketWords words{"Drops", "drop", "reason,location,dev"};
    add_packet_filters(app, options->run.filter, options->filter_words, words);
    add_counting(app, *options, words);
    add_outputs(app, options->output);
    app.add_flag("--all", options->output.text.style.show_folded,
                 "Show the drops of normal operation too, instead of folding them")
        ->group(output_group);
    app.add_option("--rules", options->run.rules, "Read more rules (*.yaml) from this directory")
        ->type_name("DIR")
        ->allow_extra_args(false)
        ->group(output_group);
    add_shown(app, options->output, options->no_header);
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
    return [options](const Invocation &invocation) { return count_packets(*options, invocation); };
}

}  // namespace

extern const Command drops_command{
    "drops", "Count every packet the kernel loses, and say where and why", true, setup};

}  // namespace whydrop
