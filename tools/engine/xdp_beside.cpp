// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_beside.h"

#include "engine/xdp_error_words.h"
#include "engine/xdp_exceptions.h"

namespace whydrop {

XdpBeside::XdpBeside(const DropFilter &filter) {
    if (!filter.reasons.empty() || !filter.proto.empty() || filter.pid || !filter.comm.empty() ||
        !filter.packet.empty()) {
        refused_ = "of its frames nothing is known that the filter asks for";
        return;
    }
    const auto place = find_place(filter.netns, filter.iface);
    auto errors = place ? XdpErrors::open() : Result<std::unique_ptr<XdpErrors>>(place.error());
    if (errors) {
        place_ = *place;
        errors_ = std::move(*errors);
    } else {
        refused_ = errors.error().what;
    }
}

std::string XdpBeside::description() const {
    return errors_ ? ", tracepoints of XDP" : ", without XDP (" + refused_ + ")";
}

std::vector<XdpLoss> XdpBeside::read() {
    std::vector<XdpLoss> losses;
    const auto totals = errors_ ? errors_->read() : Result<XdpErrorTotals>(XdpErrorTotals());
    if (!totals)
        return losses;
    XdpErrorView view;
    view.netns = place_.netns;
    view.ifindex = place_.ifindex;
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
