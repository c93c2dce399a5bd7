// SPDX-License-Identifier: GPL-2.0-or-later
// A histogram, ranked, as a section of a report.
#pragma once

#include "model/document.h"
#include "model/histogram.h"

namespace whydrop {

struct HistView {
    std::vector<HistSort> sort;  // empty: most hits first
    size_t top = 0;              // rows shown; 0: all
    double seconds = 0;          // over which it counted, measured; 0: no rates
};

// A row for each entry: hits, their share, their rate, sums, keys; with stacks among the keys,
// blocks.
Section hist_section(const Histogram &histogram, const HistView &view);

// What is not in the table, and how to have it: hits without room, rows not shown.
std::vector<std::string> hist_notes(const Histogram &histogram, const HistView &view);

}  // namespace whydrop
