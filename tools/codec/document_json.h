// SPDX-License-Identifier: GPL-2.0-or-later
// A document -> JSON lines: each row an object with the type of its section, at the end the losses.
#pragma once

#include <string>
#include <vector>

#include "model/document.h"

namespace whydrop {

// Without newlines. Values that are not known are absent; hexadecimal ones are strings ("0x1f").
std::vector<std::string> to_json_lines(const Section &section);

}  // namespace whydrop
