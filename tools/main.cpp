// SPDX-License-Identifier: GPL-2.0-or-later
#include <csignal>

#include "commands/cli.h"

int main(int argc, char **argv) {
    // A reader that goes away is noticed by the write (render/output.h), not by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    return whydrop::run_command_line({argv, argv + argc}, whydrop::commands());
}
