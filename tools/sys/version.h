// SPDX-License-Identifier: GPL-2.0-or-later
// Which whydrop this is.
#pragma once

#include <string>

namespace whydrop {

std::string version();  // "0.1.0"

// For --version: the version, how it is linked, and what is built in, a line each.
std::string version_text();

}  // namespace whydrop
