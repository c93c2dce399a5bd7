// SPDX-License-Identifier: GPL-2.0-or-later
// The only registry of commands.
#include "commands/command.h"

namespace whydrop {

extern const Command drops_command;
extern const Command receive_command;
extern const Command xdp_command;
extern const Command hist_command;
extern const Command counters_command;
extern const Command replay_command;
extern const Command demo_command;
extern const Command vmcore_command;
extern const Command script_command;
extern const Command doctor_command;
extern const Command completion_command;

const std::vector<const Command *> &commands() {
    static const std::vector<const Command *> all = {
        &drops_command,    &receive_command, &xdp_command,        &hist_command,
        &counters_command, &replay_command,  &demo_command,       &vmcore_command,
        &script_command,   &doctor_command,  &completion_command,
    };
    return all;
}

}  // namespace whydrop
