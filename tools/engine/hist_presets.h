// SPDX-License-Identifier: GPL-2.0-or-later
// Questions that are asked often, as data.
#pragma once

#include <string>
#include <vector>

namespace whydrop {

struct HistPreset {
    const char *name;
    const char *answers;  // one line for --list
    const char *event;
    std::vector<std::string> keys, values, sort;
    const char *argument;  // a word that stands behind the name: "PID"; null: none
    const char *filter;    // ends where the argument comes; empty: none
};

const std::vector<HistPreset> &hist_presets();
// Null: there is none of this name.
const HistPreset *hist_preset(const std::string &name);

}  // namespace whydrop
