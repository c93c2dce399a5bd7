// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/outputs.h"

#include <CLI/CLI.hpp>

#include "commands/command.h"
#include "model/text.h"

namespace whydrop {

namespace {

constexpr uint64_t million = 1'000'000;  // as tcpdump counts

}  // namespace

void add_outputs(CLI::App &app, DropOutputOptions &options, const char *group) {
    add_format(app, options.format)->group(group);
    app.add_option("--pcapng", options.capture.path,
                   "Write the packets that are sampled (with --each: all) to this file, each with "
                   "its reason, for Wireshark; -: stdout")
        ->type_name("FILE")
        ->group(group);
    app.add_option_function<uint64_t>(
           "-C,--rotate",
           [&options](uint64_t size) { options.capture.rotate_bytes = size * million; },
           "Begin a new file when the capture is larger than so many million bytes")
        ->type_name("MB")
        ->check(CLI::Range(1, 1'000'000))
        ->group(group);
    app.add_option("-W,--files", options.capture.files,
                   "With -C: keep so many files, and write over the oldest")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000))
        ->group(group);
    app.add_option("-o,--record", options.recording,
                   "Record the run as JSON lines in this file, to be read again")
        ->type_name("FILE")
        ->group(group);
}

void add_drop_filters(CLI::App &app, DropFilter &filter, std::vector<std::string> &words,
                      const char *group) {
    app.add_option("-i,--iface", filter.iface, "Drops on this device (name or index)")
        ->type_name("IFACE")
        ->group(group);
    app.add_option("-n,--netns", filter.netns,
                   "Drops in this network namespace (name, pid, path or inode)")
        ->type_name("NETNS")
        ->group(group);
    add_list(app, "-r,--reason", filter.reasons,
             "Drops for these reasons; with '!' before each, all but these", "REASON,...")
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
    app.add_option("FILTER", words, "Drops of packets that match this pcap-filter(7) expression")
        ->type_name("FILTER")
        ->group(group);
}

std::string joined_filter(const std::vector<std::string> &words) {
    std::string expression;
    for (const std::string &word : words)
        expression += (expression.empty() ? "" : " ") + word;
    return expression;
}

Result<GroupKeys> parse_group_keys(const std::vector<std::string> &names, PacketEvent event) {
    GroupKeys keys = 0;
    for (const std::string &name : names) {
        const auto key = group_key_by_name(name);
        if (!key || !has(group_keys_of(event), *key))
            return Error{Errc::usage, "--by does not know '" + name + "'",
                         "it takes one or more of " + group_key_names(event)};
        keys |= static_cast<GroupKeys>(*key);
    }
    return keys;
}

}  // namespace whydrop
