// SPDX-License-Identifier: GPL-2.0-or-later
// Errors of XDP beside the programs that are counted: how many, how many lately, with names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/xdp_counting.h"
#include "source/xdp/errors.h"

namespace whydrop {

struct XdpErrorStanding {
    XdpError error;          // frames: since they are watched
    uint64_t recent = 0;     // since the standing before
    std::string dev, netns;  // empty: of no device
    std::string target;      // another device, or a CPU; empty: none
};

class XdpErrorMeter {
  public:
    // They count from here on, where they can be had.
    void open();
    // Why they cannot, or which cannot.
    [[nodiscard]] std::vector<std::string> notes() const;

    // `only_of_these`: errors of the devices and maps of these programs; else all. Errors: failed.
    Result<std::vector<XdpErrorStanding>> standings(const XdpCounting &programs,
                                                    bool only_of_these);
    // As of the last standings.
    [[nodiscard]] Losses losses() const;

  private:
    std::unique_ptr<XdpErrors> errors_;  // nothing: they cannot be counted
    std::string refused_;                // why
    XdpErrorTotals totals_;              // as of the last standings
};

}  // namespace whydrop
