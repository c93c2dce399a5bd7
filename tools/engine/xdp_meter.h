// SPDX-License-Identifier: GPL-2.0-or-later
// What one program met on one device, and how fast it comes: from the counts of a counter that only
// grow, or are set back.
#pragma once

#include <optional>

#include "source/xdp/verdicts.h"

namespace whydrop {

// Of a span of time, measured.
struct XdpAmount {
    XdpCounts counts;
    double seconds = 0;

    // Nothing where the span is too short to tell.
    [[nodiscard]] std::optional<double> per_second(uint64_t amount) const;
};

class XdpMeter {
  public:
    // `first`: what was counted before, which is not ours. Times are of one clock that only grows.
    XdpMeter(double now_s, const XdpCounts &first)
        : last_(first), begin_s_(now_s), period_s_(now_s), now_s_(now_s) {}

    // False: a count has become smaller. Whatever set it back, it is counted from there; what came
    // in between is not known.
    bool take(double now_s, const XdpCounts &counts);

    [[nodiscard]] XdpAmount whole() const { return {sum_, now_s_ - begin_s_}; }
    // What was counted until now is not ours either.
    void begin();
    // Since the last next_period().
    [[nodiscard]] XdpAmount period() const;
    void next_period();

  private:
    XdpCounts last_;          // as the counter says it
    XdpCounts sum_, before_;  // since the beginning; up to the period
    double begin_s_, period_s_, now_s_;
};

}  // namespace whydrop
