// SPDX-License-Identifier: GPL-2.0-or-later
// A small file that the kernel makes up as it is read.
#pragma once

#include <optional>
#include <string>

namespace whydrop {

// Nothing: it is not there, may not be read, or is larger than any such file.
std::optional<std::string> read_proc_file(const std::string &path);

}  // namespace whydrop
