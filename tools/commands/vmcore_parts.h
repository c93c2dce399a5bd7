// SPDX-License-Identifier: GPL-2.0-or-later
// Parts of `whydrop vmcore` that have a file of their own, named after them.
#pragma once

#include "commands/command.h"
#include "source/vmcore/vmcore.h"

namespace whydrop {

Subcommand add_vmcore_list(CLI::App &vmcore);
Subcommand add_vmcore_crash(CLI::App &vmcore);
Subcommand add_vmcore_save(CLI::App &vmcore);

// --vmlinux, --module, --no-debuginfo.
void add_debug_options(CLI::App &app, DebugWanted &debug);

}  // namespace whydrop
