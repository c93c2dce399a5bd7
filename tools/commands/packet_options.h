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
    const char *default_keys;  // of --by
};

// -i and -n.
void add_place_filters(CLI::App &app, PacketOptions &options, const PacketWords &words);
// --proto, -p, --comm and FILTER.
void add_packet_filters(CLI::App &app, PacketOptions &options, const PacketWords &words);
// --by, -s, --each, --snaplen, --max-groups and --ring-size.
void add_counting(CLI::App &app, PacketOptions &options, const PacketWords &words);
// -f, --pcapng, -C, -W and -o.
void add_kept(CLI::App &app, PacketOptions &options);
// --no-header, --wide, -q and -v.
void add_shown(CLI::App &app, PacketOptions &options);

// Counts until the end, and gives the exit code.
Result<int> count_packets(PacketOptions options, const Invocation &invocation);

}  // namespace whydrop
