// SPDX-License-Identifier: GPL-2.0-or-later
// The errors of XDP, counted and explained, as sections of a report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/xdp_names.h"
#include "model/document.h"
#include "source/xdp/errors.h"
#include "sys/result.h"

namespace whydrop {

// What --by may name. A set is a bit mask of these.
enum class XdpErrorKey : uint32_t {
    error = 1u << 0,
    program = 1u << 1,
    dev = 1u << 2,
    target = 1u << 3,
    cpu = 1u << 4,
};
using XdpErrorKeys = uint32_t;
constexpr bool has(XdpErrorKeys keys, XdpErrorKey key) {
    return (keys & static_cast<uint32_t>(key)) != 0;
}
constexpr XdpErrorKeys default_error_keys = 0b01111;  // all but the CPU

// Errors: usage, naming those there are.
Result<XdpErrorKeys> error_keys_by_name(const std::vector<std::string> &names);
std::string error_key_names();  // "error, program, ..."

struct XdpErrorView {
    XdpErrorKeys keys = default_error_keys;
    uint32_t netns = 0, ifindex = 0;  // only of this place; 0: any
};

// One group of equal errors; what was not asked for is 0.
struct XdpErrorGroup {
    XdpError error;  // its frames are the group's; by_cpu is empty
    uint32_t cpu = 0;
};

// Most frames first.
std::vector<XdpErrorGroup> group_errors(const std::vector<XdpError> &errors,
                                        const XdpErrorView &view);

struct XdpErrorReport {
    std::vector<XdpErrorGroup> groups;
    XdpErrorView view;
    // Since `before` was counted: of these, what was counted since then is shown as a rate.
    std::vector<XdpErrorGroup> before;
    double seconds = 0;         // since the beginning, measured
    double period_seconds = 0;  // since `before`
};

// "37 frames in 3.0 s (12.3/s)", a table, and why and what to do: a line for each kind of error.
std::vector<Section> error_sections(const XdpErrorReport &report, XdpNames &names);

// What is not in what was counted.
Losses error_losses(const XdpErrorTotals &totals);

}  // namespace whydrop
