// SPDX-License-Identifier: GPL-2.0-or-later
// A histogram, ranked, as a section of a report.
#pragma once

#include <string>
#include <vector>

#include "model/document.h"
#include "model/histogram.h"
#include "model/trace_event.h"

namespace whydrop {

struct HistView {
    std::vector<HistSort> sort;  // empty: most hits first
    double seconds = 0;          // over which it counted, measured; 0: no rates
    bool percent = false;        // shares of the sums too
};

// What was asked, and what was counted so far.
struct HistReport {
    std::string event;  // or two: "net:netif_receive_skb to skb:consume_skb by skbaddr"
    std::string condition;
    Histogram histogram;
    HistView view;
    bool final = false;
    std::vector<std::string> notes;  // for whoever reads it
};

// "net:netif_receive_skb: 13 hits in 2.00 s (6.50/s), 3 entries"
std::string hist_title(const HistReport &report);

// For programs, before the entries: one row of type "hist".
Section hist_summary(const HistReport &report);

// A row for each entry: hits, their share, their rate, sums, keys; with stacks among the keys,
// blocks.
Section hist_section(const Histogram &histogram, const HistView &view);

// What is not in what was counted, and how to have it.
Losses hist_losses(const Histogram &histogram, const TraceLosses &missed);

}  // namespace whydrop
