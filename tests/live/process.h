// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a program to its end and keeps what it wrote.
#pragma once

#include <string>
#include <vector>

namespace whydrop::live {

struct Finished {
    int status = -1;  // as a shell gives it: 128 + signal for a killed one; -1: not started
    std::string out, err;
};

Finished run_process(const std::vector<std::string> &words);

}  // namespace whydrop::live
