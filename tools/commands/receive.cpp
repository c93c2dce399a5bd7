// SPDX-License-Identifier: GPL-2.0-or-later
// Counts every packet the kernel receives: by device, protocol and packet type, or by other keys.
#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "commands/command.h"
#include "commands/packet_options.h"

namespace whydrop {
namespace {

struct Options {
    PacketOptions packets;
    std::string at = "receive";
};

// Where on its way a packet is counted: tracepoints of net:.
std::vector<std::string> tracepoints_at(const std::string &point) {
    if (point == "rx")
        return {"netif_rx"};
    if (point == "gro")
        return {"napi_gro_receive_entry", "napi_gro_frags_entry"};
    return {"netif_receive_skb"};
}

Run setup(CLI::App &app) {
    auto options = std::make_shared<Options>();
    PacketOptions &packets = options->packets;
    packets.run.event = PacketEvent::receive;
    packets.run.by = static_cast<GroupKeys>(GroupKey::dev) |
                     static_cast<GroupKeys>(GroupKey::proto) |
                     static_cast<GroupKeys>(GroupKey::pkt_type);
    const PacketWords words{"Packets", "packet", "dev,proto,pkt_type"};
    add_place_filters(app, packets, words);
    add_packet_filters(app, packets, words);
    app.add_option("--at", options->at,
                   "Count where the stack takes packets (receive, the default), where drivers "
                   "queue them to a CPU (rx), or before GRO merges them (gro)")
        ->type_name("receive|rx|gro")
        ->check(CLI::IsMember(std::set<std::string>{"receive", "rx", "gro"}))
        ->group("How to count");
    add_counting(app, packets, words);
    add_kept(app, packets);
    add_shown(app, packets);
    add_examples(
        app, {{"whydrop receive", "what this kernel receives now, until Ctrl-C"},
              {"whydrop receive -d 10 -i eth0 --by flow", "which connections eth0 receives"},
              {"whydrop receive --by comm,dev --at rx", "who sends to this host over lo"},
              {"whydrop receive --by stack", "which ways lead into the stack, and how much comes"},
              {"whydrop receive --proto arp --each -c 5", "the next five packets of ARP"},
              {"whydrop receive 'tcp port 443' --pcapng in.pcapng", "samples for Wireshark"},
              {"whydrop receive -n web -f json -- curl -s 10.0.0.2",
               "what the namespace web receives while curl runs, for a program"}});
    return [options](const Invocation &invocation) {
        options->packets.run.tracepoints = tracepoints_at(options->at);
        return count_packets(options->packets, invocation);
    };
}

}  // namespace

extern const Command receive_command{
    "receive", "Count every packet the kernel receives, by who, what and where", true, setup};

}  // namespace whydrop
