// SPDX-License-Identifier: GPL-2.0-or-later
// Completion scripts, written from the command line's own definition: an option cannot be
// forgotten.
#pragma once

#include <string>
#include <vector>

#include "commands/cli.h"

namespace whydrop {

std::string bash_completion(const std::vector<CommandInfo> &commands);
std::string zsh_completion(const std::vector<CommandInfo> &commands);
std::string fish_completion(const std::vector<CommandInfo> &commands);

}  // namespace whydrop
