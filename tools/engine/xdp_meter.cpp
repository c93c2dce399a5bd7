// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_meter.h"

namespace whydrop {

namespace {

bool is_less(const XdpCounts &a, const XdpCounts &b) {
    for (size_t i = 0; i < xdp_answers; i++)
        if (a.answers[i].packets < b.answers[i].packets || a.answers[i].bytes < b.answers[i].bytes)
            return true;
    return a.runs < b.runs;
}

XdpCounts difference(const XdpCounts &a, const XdpCounts &b) {
    XdpCounts left;
    for (size_t i = 0; i < xdp_answers; i++)
        left.answers[i] = {a.answers[i].packets - b.answers[i].packets,
                           a.answers[i].bytes - b.answers[i].bytes};
    left.runs = a.runs - b.runs;
    return left;
}

void add(XdpCounts &sum, const XdpCounts &more) {
    for (size_t i = 0; i < xdp_answers; i++) {
        sum.answers[i].packets += more.answers[i].packets;
        sum.answers[i].bytes += more.answers[i].bytes;
    }
    sum.runs += more.runs;
}

}  // namespace

std::optional<double> XdpAmount::per_second(uint64_t amount) const {
    constexpr double shortest_s = 0.01;  // a rate of less is noise
    if (seconds < shortest_s)
        return {};
    return static_cast<double>(amount) / seconds;
}

bool XdpMeter::take(double now_s, const XdpCounts &counts) {
    const bool grows = !is_less(counts, last_);
    if (grows)
        add(sum_, difference(counts, last_));
    last_ = counts;
    now_s_ = now_s;
    return grows;
}

void XdpMeter::begin() {
    sum_ = before_ = {};
    begin_s_ = period_s_ = now_s_;
}

XdpAmount XdpMeter::period() const {
    return {difference(sum_, before_), now_s_ - period_s_};
}

void XdpMeter::next_period() {
    before_ = sum_;
    period_s_ = now_s_;
}

}  // namespace whydrop
