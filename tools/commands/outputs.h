// SPDX-License-Identifier: GPL-2.0-or-later
// The options of every command that sees packets: where they are shown and kept.
#pragma once

#include "engine/drop_output.h"

namespace CLI {
class App;
}

namespace whydrop {

// The heading of --help that these stand under.
inline constexpr const char *output_group = "What to show and keep";

// -f, --pcapng, -C, -W and -o.
void add_outputs(CLI::App &app, DropOutputOptions &options);
// --no-header, --wide, -q and -v; `verbose` is the help of -v.
void add_shown(CLI::App &app, DropOutputOptions &options, bool &no_header,
               const char *verbose = "Show what is observed, and how, before it begins");

}  // namespace whydrop
