// SPDX-License-Identifier: GPL-2.0-or-later
// The command line around the commands: global options, help, errors and exit codes.
#pragma once

#include <string>
#include <vector>

#include "commands/command.h"

namespace whydrop {

// One option as --help, the completion and the test of the man pages see it.
struct OptionInfo {
    std::vector<std::string> names;  // "-i", "--iface"
    std::string value;               // "IFACE", "text|json"; empty: a flag
    std::string help;
    std::string group;        // the heading it stands under in --help
    bool positional = false;  // names holds its one name, without dashes
    bool required = false;
};

struct CommandInfo {
    std::string name;  // empty: whydrop itself
    std::string summary;
    bool takes_observed = false;
    std::vector<OptionInfo> options;
};

// whydrop itself first, then the commands in order.
std::vector<CommandInfo> describe(const std::vector<const Command *> &registry);

// Parses and runs: args[0] is the program. Returns the exit code: 0 done, 1 failed, 2 wrong usage,
// 3 not possible here; with `-- COMMAND` its own status, or 125 for a failure of ours. Prints
// errors to stderr. Expects SIGPIPE to be ignored.
int run_command_line(const std::vector<std::string> &args,
                     const std::vector<const Command *> &registry);

// One word as a POSIX shell would have to read it to get it back.
std::string shell_quoted(const std::string &word);

}  // namespace whydrop
