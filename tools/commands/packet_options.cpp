// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands/packet_options.h"

#include <CLI/CLI.hpp>

#include "model/text.h"

namespace whydrop {

namespace {

constexpr const char *how_group = "How to count";

std::string lower(std::string text) {
    text[0] = static_cast<char>(std::tolower(text[0]));
    return text;
}

Status set_keys(PacketOptions &options) {
    if (options.by.empty())
        return success();
    auto keys = parse_group_keys(options.by, options.run.event);
    if (!keys)
        return keys.error();
    options.run.by = *keys;
    if (options.run.each && has(options.run.by, GroupKey::stack))
        return Error{Errc::usage, "--by stack counts in the kernel, --each does not",
                     options.run.event == PacketEvent::drop ? "-s shows the stack of each drop"
                                                            : "-s shows the stack of each packet"};
    return success();
}

}  // namespace

void add_packet_filters(CLI::App &app, DropFilter &filter, std::vector<std::string> &filter_words,
                        const PacketWords &words) {
    const bool drops = words.event == PacketEvent::drop;
    const std::string many = words.many;
    app.add_option("-i,--iface", filter.iface, many + " on this device (name or index)")
        ->type_name("IFACE")
        ->group(words.filters);
    app.add_option("-n,--netns", filter.netns,
                   many + " in this network namespace (name, pid, path or inode)")
        ->type_name("NETNS")
        ->group(words.filters);
    if (drops)
        add_reason_filter(app, filter.reasons, words.filters);
    app.add_option("--proto", filter.proto,
                   many + " of this protocol (ipv4, ipv6, arp, tcp, udp, icmp, ..., or its number)")
        ->type_name("PROTO")
        ->group(words.filters);
    app.add_option("-p,--pid", filter.pid,
                   many + " while this process was running (not in softirq)")
        ->type_name("PID")
        ->group(words.filters);
    app.add_option("--comm", filter.comm, "The same by the process's name")
        ->type_name("NAME")
        ->group(words.filters);
    app.add_option(
           "FILTER", filter_words,
           many + (drops ? " of packets" : "") + " that match this pcap-filter(7) expression")
        ->type_name("FILTER")
        ->group(words.filters);
}

void add_reason_filter(CLI::App &app, std::vector<std::string> &reasons, const char *group) {
    add_list(app, "-r,--reason", reasons,
             "Drops for these reasons; with '!' before each, all but these", "REASON,...")
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

void add_counting(CLI::App &app, PacketOptions &options, const PacketWords &words) {
    const std::string one = words.one;
    add_list(app, "--by", options.by,
             "Count by these keys: " + group_key_names(words.event) + " (default " +
                 words.default_keys + "). stack costs about 2 us a " + one,
             "KEY,...")
        ->group(how_group);
    app.add_flag("-s,--stack", options.run.stacks,
                 "Show the first stack of each group (of each " + one + " with --each)")
        ->group(how_group);
    app.add_flag("--each", options.run.each,
                 "Show every " + one + " instead of counting in the kernel")
        ->group(how_group);
    app.add_option("--snaplen", options.run.snap_bytes,
                   "Bytes of each packet to copy with --each, at most 16384 (default 128)")
        ->type_name("BYTES")
        ->check(CLI::Range(0, 16384))
        ->group(how_group);
    app.add_option("--max-groups", options.run.max_groups,
                   "Groups the kernel keeps between two readings (default 8192, flows 131072)")
        ->type_name("N")
        ->check(CLI::Range(1, 4194304))
        ->group(how_group);
    app.add_option("--ring-size", options.run.ring_bytes,
                   "Bytes of the ring buffer (default 1M, with --each 32M; K, M and G work)")
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::Range(4096, 1 << 30))
        ->group(how_group);
    add_run_length(app, options.length,
                   ("Stop after N " + lower(words.many) +
                    " (exactly with --each, else when N or more were counted)")
                       .c_str());
}

Result<int> count_packets(PacketOptions options, const Invocation &invocation) {
    if (auto keys = set_keys(options); !keys)
        return keys.error();
    options.run.filter.packet = joined_filter(options.filter_words);
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
    // With --each the packets themselves are the news; the table comes at the end.
    options.run.interval_s =
        options.run.each || options.output.text.quiet ? 0 : options.length.interval_s;
    options.run.duration_s = options.length.duration_s;
    options.run.stop_after = options.length.count;
    auto end = run_drops(options.run, output.sinks());
    if (!end)
        return end.error();
    return end->command_status.value_or(0);
}

}  // namespace whydrop
