// SPDX-License-Identifier: GPL-2.0-or-later
// The options of every command that observes, for how long: -c, -d, --interval.
#pragma once

#include <cstdint>

namespace CLI {
class App;
}

namespace whydrop {

struct RunLength {
    uint64_t count = 0;     // -c; 0: no limit
    double duration_s = 0;  // -d; 0: until Ctrl-C, or the command ends
    double interval_s = 1;  // between two tables; 0: only the one at the end
};

// `counts`: -c too, with its line of help.
void add_run_length(CLI::App &app, RunLength &length, const char *counts = nullptr);

}  // namespace whydrop
