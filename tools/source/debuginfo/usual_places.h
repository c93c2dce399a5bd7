// SPDX-License-Identifier: GPL-2.0-or-later
// Debug files where distributions and builds put them.
#pragma once

#include <string>
#include <vector>

namespace whydrop {

// Regular files that are there, the likeliest first; whether they are of this build their build ids
// say. `root` stands before every path; empty but in tests.
std::vector<std::string> vmlinux_places(const std::string &root, const std::string &release,
                                        const std::string &build_id);
// Of a module as the kernel calls it: "snd_hda_intel". Packed ones are left out: they are what is
// loaded, without debug information.
std::vector<std::string> module_places(const std::string &root, const std::string &release,
                                       const std::string &build_id, const std::string &module);

}  // namespace whydrop
