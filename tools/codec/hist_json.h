// SPDX-License-Identifier: GPL-2.0-or-later
// What `whydrop hist -o FILE` and `-f json` write, read back.
#pragma once

#include <string>

#include "model/recorded_hist.h"
#include "sys/result.h"

namespace whydrop {

// The last table in the lines: of a run that ended, the one at its end. Errors: usage (no JSON
// lines, no histogram in them), with the number of the line.
Result<RecordedHist> read_hist_lines(const std::string &text);

}  // namespace whydrop
