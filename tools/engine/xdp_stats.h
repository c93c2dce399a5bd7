// SPDX-License-Identifier: GPL-2.0-or-later
// What XDP programs did with packets, as sections of a report.
#pragma once

#include "engine/xdp_counting.h"
#include "engine/xdp_error_meter.h"
#include "model/document.h"

namespace whydrop {

struct XdpStatsReport {
    std::vector<XdpStanding> programs;
    std::vector<XdpErrorStanding> errors;
    std::vector<XdpCounted> counted;
    std::vector<XdpChange> changes;
    double seconds = 0, period_s = 0;
    bool final = false;
};

// What was counted so far, for people and for programs.
std::vector<Section> xdp_stats_sections(const XdpStatsReport &report);

}  // namespace whydrop
