// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_beside.h"

#include "engine/xdp_error_words.h"
#include "engine/xdp_exceptions.h"

namespace whydrop {

XdpBeside::Opened XdpBeside::open(const DropFilter &filter) {
    if (!filter.reasons.empty() || !filter.proto.empty() || filter.pid || !filter.comm.empty() ||
        !filter.packet.empty())
        return {{}, nullptr, "of its frames nothing is known that the filter asks for"};
    const auto place = find_place(filter.netns, filter.iface);
    if (!place)
        return {{}, nullptr, place.error().what};
    auto errors = XdpErrors::open();
    if (!errors)
        return {{}, nullptr, errors.error().what};
    return {*place, std::move(*errors), ""};
}

XdpBeside::XdpBeside(const DropFilter &filter)
    : opening_(std::async(std::launch::async, [filter] { return open(filter); })) {}

std::string XdpBeside::begin() {
    opened_ = opening_.get();
    return opened_.errors ? ", tracepoints of XDP" : ", without XDP (" + opened_.refused + ")";
}

std::vector<XdpLoss> XdpBeside::read() {
    std::vector<XdpLoss> losses;
    const auto totals =
        opened_.errors ? opened_.errors->read() : Result<XdpErrorTotals>(XdpErrorTotals());
    if (!totals)
        return losses;
    XdpErrorView view;
    view.netns = opened_.place.netns;
    view.ifindex = opened_.place.ifindex;
    for (const XdpErrorGroup &group : group_errors(totals->errors, view)) {
        const XdpError &error = group.error;
        losses.push_back({words_of(error.kind, error.code).name,
                          error.program ? program_words(names_, error.program) : "",
                          error.ifindex ? device_words(names_, error.netns, error.ifindex) : "",
                          error.frames});
    }
    return losses;
}

}  // namespace whydrop
