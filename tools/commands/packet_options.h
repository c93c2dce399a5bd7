// SPDX-License-Identifier: GPL-2.0-or-later
// The options of the commands that count packets by key, and what they do with them.
#pragma once

#include <string>
#include <vector>

#include "commands/command.h"
#include "commands/run_length.h"
#include "engine/drop_output.h"
#include "engine/drop_run.h"

namespace whydrop {

struct PacketOptions {
    DropOptions run;
    std::vector<std::string> by;
    std::vector<std::string> filter_words;
    DropOutputOptions output;
    bool no_header = false;
    RunLength length;
};

// How the help of a command speaks of what it counts.
struct PacketWords {
    const char *many, *one;    // "Drops", "drop"
    const char *default_keys;  // of --by; where add_counting adds it
    PacketEvent event = PacketEvent::drop;
    const char *filters = "What to count (checked in the kernel)";  // the heading of the filters
};

// -i, -n, of drops -r, --proto, -p, --comm and FILTER, whose words `filter_words` collects.
void add_packet_filters(CLI::App &app, DropFilter &filter, std::vector<std::string> &filter_words,
                        const PacketWords &words);
// -r alone, under the heading `group` of --help.
void add_reason_filter(CLI::App &app, std::vector<std::string> &reasons, const char *group);
std::string joined_filter(const std::vector<std::string> &words);

// What --by names, of the keys that such events have. Errors: usage, with these keys.
Result<GroupKeys> parse_group_keys(const std::vector<std::string> &names, PacketEvent event);

// --by, -s, --each, --snaplen, --max-groups and --ring-size.
void add_counting(CLI::App &app, PacketOptions &options, const PacketWords &words);

// Counts until the end, and gives the exit code.
Result<int> count_packets(PacketOptions options, const Invocation &invocation);

}  // namespace whydrop
