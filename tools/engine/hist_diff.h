// SPDX-License-Identifier: GPL-2.0-or-later
// Two recorded histograms of the same question, side by side.
#pragma once

#include "model/document.h"
#include "model/recorded_hist.h"
#include "sys/result.h"

namespace whydrop {

// A row for each entry of either, what changed most first: by rates, or by hits where one of the
// runs has no length. A process is its name, whatever its pid; a stack of another kernel is its
// functions, without distances. Errors: usage, when the questions differ.
Result<Section> hist_diff(const RecordedHist &before, const RecordedHist &after);

// What has to be known of the two: other kernels, runs that did not end.
std::vector<std::string> hist_diff_notes(const RecordedHist &before, const RecordedHist &after);

}  // namespace whydrop
