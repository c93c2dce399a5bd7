// SPDX-License-Identifier: GPL-2.0-or-later
// What counters saw, as a report: what is suspicious first, with what it means.
#pragma once

#include <string>
#include <vector>

#include "explain/counter_book.h"
#include "model/document.h"
#include "source/counters/delta.h"

namespace whydrop {

struct CountersReport {
    std::vector<CounterChange> changes;  // since the run began
    double seconds = 0;
    std::vector<CounterChange> recent;  // of the last interval
    double recent_seconds = 0;
    std::vector<std::string> gone;  // places that went: "link eth7"
    bool all = false;               // what is normal too
    bool final = false;
};

// For programs a summary, then a row for each counter that changed. What CPUs count each for itself
// is one row, with the CPUs in it. At the end, what the suspicious ones mean and what to do next,
// and notes.
std::vector<Section> counters_document(const CountersReport &report, const CounterBook &book);

Losses counters_losses(const CountersReport &report);

// Of blocks: what counters mean, which drops belong to them, what to do next; `below` is said
// there.
Section explanation_section();
std::vector<Value> explanation_row(const std::string &source, const std::string &name,
                                   const CounterMeaning &meaning, Value value,
                                   const std::vector<std::string> &below = {});

// `whydrop counters explain NAME` or SOURCE/NAME: a block for each source that has it, in this
// reading or in the book. Errors: usage, with names that are near.
Result<Section> explain_counter(const CounterReading &reading, const CounterBook &book,
                                const std::string &name);

}  // namespace whydrop
