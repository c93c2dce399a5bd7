// SPDX-License-Identifier: GPL-2.0-or-later
// The options of every command that sees packets, for where they are shown and kept.
#pragma once

#include "engine/drop_output.h"

namespace CLI {
class App;
}

namespace whydrop {

// -f, --pcapng, -C, -W and -o, under the heading `group` of --help.
void add_outputs(CLI::App &app, DropOutputOptions &options, const char *group);

}  // namespace whydrop
