// SPDX-License-Identifier: GPL-2.0-or-later
// Parts of `whydrop vmcore` that have a file of their own, named after them.
#pragma once

#include "commands/command.h"

namespace whydrop {

struct VmcorePart {
    CLI::App *app;
    Run run;
};

}  // namespace whydrop
