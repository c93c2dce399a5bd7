// SPDX-License-Identifier: GPL-2.0-or-later
// Counts every packet the kernel receives: by device, protocol and packet type, or by other keys.
#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "commands/command.h"
#include "commands/outputs.h"
#include "commands/packet_options.h"
#include "commands/report_run.h"
#include "engine/path_run.h"

namespace whydrop {
namespace {

struct Options {
    PacketOptions packets;
    std::string at = "receive";
    bool path = false;
};

// Where on its way a packet is counted: tracepoints of net:.
std::vector<std::string> tracepoints_at(const std::string &point) {
    if (point == "rx")
        return {"netif_rx"};
    if (point == "gro")
        return {"napi_gro_receive_entry", "napi_gro_frags_entry"};
    return {"netif_receive_skb"};
}

// What counts by key has nothing to do on the way of a packet.
Status check_path(const Options &options) {
    const PacketOptions &packets = options.packets;
    const std::pair<bool, const char *> others[] = {
        {!packets.by.empty(), "--by"},
        {packets.run.stacks, "-s"},
        {packets.run.each, "--each"},
        {options.at != "receive", "--at"},
        {!packets.output.capture.path.empty(), "--pcapng"}};
    for (const auto &[given, name] : others)
        if (given)
            return Error{Errc::usage, std::string("--path and ") + name + " exclude each other",
                         "--path counts the functions that packets reach, not packets by key"};
    return success();
}

Result<int> show_path(const Options &options, const Invocation &invocation) {
    if (auto checked = check_path(options); !checked)
        return checked.error();
    const PacketOptions &packets = options.packets;
    PathOptions run;
    run.filter = packets.run.filter;
    run.filter.packet = joined_filter(packets.filter_words);
    run.duration_s = packets.length.duration_s;
    run.stop_after = packets.length.count;
    run.command = invocation.observed;
    run.command_line = invocation.command_line;
    ReportRun report;
    report.document = {packets.output.format, packets.no_header, packets.output.text.style.wide};
    report.recording = packets.output.recording;
    const auto where = report.output(invocation);
    if (!where)
        return where.error();
    DocumentOutput output(*where);
    auto end = run_path(run, [&](const Session &session) { return output.begin(session); });
    if (!end)
        return end.error();
    if (auto written = output.end({path_sections(end->report), end->losses}); !written)
        return written.error();
    return end->command_status.value_or(0);
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    PacketOptions &packets = options->packets;
    packets.run.event = PacketEvent::receive;
    packets.run.by = static_cast<GroupKeys>(GroupKey::dev) |
                     static_cast<GroupKeys>(GroupKey::proto) |
                     static_cast<GroupKeys>(GroupKey::pkt_type);
    const PacketWords words{"Packets", "packet", "dev,proto,pkt_type", packets.run.event};
    add_packet_filters(app, packets.run.filter, packets.filter_words, words);
    app.add_option("--at", options->at,
                   "Count where the stack takes packets (receive, the default), where drivers "
                   "queue them to a CPU (rx), or before GRO merges them (gro)")
        ->type_name("receive|rx|gro")
        ->check(CLI::IsMember(std::set<std::string>{"receive", "rx", "gro"}))
        ->group("How to count");
    app.add_flag("--path", options->path,
                 "Show which functions of the receive path packets reach, which they do not, and "
                 "where they end")
        ->group("How to count");
    add_counting(app, packets, words);
    add_outputs(app, packets.output);
    add_shown(app, packets.output, packets.no_header);
    add_examples(
        app,
        {{"whydrop receive", "what this kernel receives now, until Ctrl-C"},
         {"whydrop receive -d 10 -i eth0 --by flow", "which connections eth0 receives"},
         {"whydrop receive --by comm,dev --at rx", "who sends to this host over lo"},
         {"whydrop receive --by stack", "which ways lead into the stack, and how much comes"},
         {"whydrop receive --path 'udp port 53' -d 5", "how far do they come, and where they end"},
         {"whydrop receive --proto arp --each -c 5", "the next five packets of ARP"},
         {"whydrop receive 'tcp port 443' --pcapng in.pcapng", "samples for Wireshark"},
         {"whydrop receive -n web -f json -- curl -s 10.0.0.2",
          "what the namespace web receives while curl runs, for a program"}});
    return [options](const Invocation &invocation) {
        if (options->path)
            return show_path(*options, invocation);
        options->packets.run.tracepoints = tracepoints_at(options->at);
        return count_packets(options->packets, invocation);
    };
}

}  // namespace

extern const Command receive_command{
    "receive", "Count every packet the kernel receives, by who, what and where", true, setup};

}  // namespace whydrop
