// SPDX-License-Identifier: GPL-2.0-or-later
// The options of every command that sees packets: which are meant, where they are shown and kept.
#pragma once

#include <string>
#include <vector>

#include "engine/drop_output.h"
#include "source/drop_filter.h"

namespace CLI {
class App;
}

namespace whydrop {

// -f, --pcapng, -C, -W and -o, under the heading `group` of --help.
void add_outputs(CLI::App &app, DropOutputOptions &options, const char *group);

// -i, -n, -r, --proto, -p, --comm and the words of a packet filter, which `words` collects.
void add_drop_filters(CLI::App &app, DropFilter &filter, std::vector<std::string> &words,
                      const char *group);
std::string joined_filter(const std::vector<std::string> &words);

// What --by names, of the keys that such events have. Errors: usage, with these keys.
Result<GroupKeys> parse_group_keys(const std::vector<std::string> &names, PacketEvent event);

}  // namespace whydrop
