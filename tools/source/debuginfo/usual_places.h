// SPDX-License-Identifier: GPL-2.0-or-later
// Debug files where distributions and builds put them.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace whydrop {

// Regular files that are there, the likeliest first; whether they are of this build their build ids
// say. `root` stands before every path; empty but in tests.
std::vector<std::string> places_by_id(const std::string &root, const std::string &build_id);
std::vector<std::string> vmlinux_places(const std::string &root, const std::string &release);

// The files of all modules of a release, by the names that the kernel has for them:
// "snd_hda_intel". Packed ones are left out: they are what is loaded, without debug information.
using ModulePlaces = std::multimap<std::string, std::string>;
ModulePlaces module_places(const std::string &root, const std::string &release);

}  // namespace whydrop
