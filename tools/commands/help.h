// SPDX-License-Identifier: GPL-2.0-or-later
// How --help looks: the same four parts for every command, at most 100 columns.
#pragma once

#include <vector>

#include "commands/cli.h"

namespace whydrop {

// Gives the app our formatter; call it after its options and examples are set.
void set_help(CLI::App &app, bool takes_observed);

// `-- COMMAND` stands behind one that has no use for it.
Error takes_no_command(const CLI::App &app);

// The options (not hidden ones) of one app, --help included, in the order of --help.
std::vector<OptionInfo> option_infos(const CLI::App &app);

// Prints "whydrop: WHAT" and the hint to stderr; returns the error's exit code.
int report_error(const Error &error);

}  // namespace whydrop
