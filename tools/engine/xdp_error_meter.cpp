// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_error_meter.h"

#include <algorithm>
#include <tuple>

namespace whydrop {

namespace {

// What an error is told apart by.
auto kind_of(const XdpError &error) {
    return std::tuple(error.kind, error.code, error.netns, error.ifindex, error.program, error.map,
                      error.target);
}

bool is_of(const XdpCounting &programs, const XdpError &error) {
    return error.ifindex ? programs.is_on({error.netns, error.ifindex})
                         : programs.reads_map(error.map);
}

XdpErrorStanding named(const XdpError &error, const XdpCounting &programs) {
    XdpErrorStanding standing;
    standing.error = error;
    standing.error.program = programs.known_as(error.program);
    const auto &devices = programs.devices();
    if (const auto at = devices.find({error.netns, error.ifindex}); at != devices.end()) {
        standing.dev = at->second.name;
        standing.netns = at->second.netns;
    } else if (error.ifindex) {
        standing.dev = "device " + std::to_string(error.ifindex);
        standing.netns = std::to_string(error.netns);
    }
    if (error.kind == XdpErrorKind::cpumap_enqueue || error.kind == XdpErrorKind::cpumap_kthread) {
        standing.target = "CPU " + std::to_string(error.target);
    } else if (error.kind == XdpErrorKind::devmap) {
        const auto to = devices.find({error.netns, error.target});
        standing.target =
            to == devices.end() ? "device " + std::to_string(error.target) : to->second.name;
    }
    return standing;
}

}  // namespace

void XdpErrorMeter::open() {
    auto errors = XdpErrors::open();
    if (errors)
        errors_ = std::move(*errors);
    else
        refused_ = errors.error().what;
}

std::vector<std::string> XdpErrorMeter::notes() const {
    if (!errors_)
        return {"errors of XDP are not counted: " + refused_};
    std::vector<std::string> notes;
    for (const std::string &absent : errors_->absent())
        notes.push_back("this kernel has no tracepoint " + absent +
                        ": such errors are not counted");
    return notes;
}

Result<std::vector<XdpErrorStanding>> XdpErrorMeter::standings(const XdpCounting &programs,
                                                               bool only_of_these) {
    std::vector<XdpErrorStanding> standings;
    if (!errors_)
        return standings;
    auto totals = errors_->read();
    if (!totals)
        return totals.error();
    for (const XdpError &error : totals->errors) {
        if (only_of_these && !is_of(programs, error))
            continue;
        const auto before =
            std::find_if(totals_.errors.begin(), totals_.errors.end(),
                         [&](const XdpError &was) { return kind_of(was) == kind_of(error); });
        standings.push_back(named(error, programs));
        standings.back().recent =
            error.frames - (before == totals_.errors.end() ? 0 : before->frames);
    }
    totals_ = std::move(*totals);
    return standings;
}

Losses XdpErrorMeter::losses() const {
    Losses losses;
    if (totals_.no_room > 0)
        losses.push_back({"errors_no_room", totals_.no_room, "frames",
                          "with errors of more kinds than there is room for", false});
    if (totals_.passed_over > 0)
        losses.push_back({"errors_passed_over", totals_.passed_over, "errors",
                          "the kernel did not run our program, as it ran already", false});
    return losses;
}

}  // namespace whydrop
