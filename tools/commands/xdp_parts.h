// SPDX-License-Identifier: GPL-2.0-or-later
// The commands of `whydrop xdp`, each in a file that is named after it.
#pragma once

#include "commands/command.h"

namespace whydrop {

Subcommand add_xdp_status(CLI::App &xdp);
Subcommand add_xdp_stats(CLI::App &xdp);
Subcommand add_xdp_exceptions(CLI::App &xdp);
Subcommand add_xdp_drops(CLI::App &xdp);
Subcommand add_xdp_load(CLI::App &xdp);
Subcommand add_xdp_unload(CLI::App &xdp);

}  // namespace whydrop
