// SPDX-License-Identifier: GPL-2.0-or-later
// What XDP programs did with packets, as sections of a report.
#pragma once

#include "engine/document_output.h"
#include "engine/xdp_counting.h"
#include "source/xdp/errors.h"

namespace whydrop {

// An error of XDP with the names of what it is about.
struct XdpErrorStanding {
    XdpError error;          // frames: since they are watched
    uint64_t recent = 0;     // in the last period
    std::string dev, netns;  // empty: of no device
    std::string target;      // another device, or a CPU; empty: none
};

struct XdpStatsReport {
    std::vector<XdpStanding> programs;
    std::vector<XdpErrorStanding> errors;
    std::vector<XdpCounted> counted;
    std::vector<XdpChange> changes;
    size_t told = 0;  // of the changes: were in a report before
    double seconds = 0, period_s = 0;
    bool final = false;
};

class XdpStatsDocument : public DocumentReport {
  public:
    explicit XdpStatsDocument(const XdpStatsReport &report) : report_(report) {}

    [[nodiscard]] std::vector<Section> whole() const override;
    [[nodiscard]] std::vector<Section> cut(size_t rows) const override;
    [[nodiscard]] std::vector<std::string> notes(size_t rows) const override;

  private:
    const XdpStatsReport &report_;
};

// What went wrong, in words: "aborted", "Invalid argument", "its queue was full".
std::string xdp_error_text(const XdpError &error);

}  // namespace whydrop
