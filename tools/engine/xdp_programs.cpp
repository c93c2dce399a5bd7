// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_programs.h"

#include <algorithm>
#include <optional>

namespace whydrop {

namespace {

constexpr std::chrono::seconds between_looks{1};

std::string name_of(const BpfProgramInfo &program) {
    return (program.function.empty() ? program.name : program.function) + " " +
           std::to_string(program.id);
}

}  // namespace

Result<XdpAttachments> XdpProgramsObserved::find() const {
    auto found = find_xdp(place_.netns ? std::to_string(place_.netns) : std::string(), {});
    if (found && place_.ifindex)
        std::erase_if(found->all, [this](const XdpAttachment &at) {
            return at.link.ifindex != place_.ifindex;
        });
    return found;
}

Status XdpProgramsObserved::add(XdpPackets &packets, const XdpAttachment &at,
                                const BpfProgramInfo &program, bool is_new) {
    if (!tried_.insert(program.id).second)
        return success();
    const std::string what = name_of(program) + " on " + at.link.name;
    if (const auto added = packets.add(program); !added) {
        const Error &why = added.error();
        notes_.push_back(what + " is not observed: " + why.what);
        return Error{why.code, "program " + std::to_string(program.id) + ": " + why.what, why.hint};
    }
    observed_.push_back(what);
    if (is_new)
        notes_.push_back(what + " came during the run, and is observed from then on");
    return success();
}

// Gives the first refusal.
Status XdpProgramsObserved::add_all(XdpPackets &packets, const XdpAttachments &found, bool is_new) {
    Status result = success();
    const auto keep = [&](const Status &added) {
        if (!added && result)
            result = added;
    };
    for (const XdpAttachment &at : found.all) {
        if (at.members.empty())
            keep(add(packets, at, at.program, is_new));
        for (const XdpMember &member : at.members)
            keep(add(packets, at, member.program, is_new));
    }
    return result;
}

Status XdpProgramsObserved::begin(XdpPackets &packets, const NetworkPlace &place) {
    place_ = place;
    next_look_ = std::chrono::steady_clock::now() + between_looks;
    const auto found = find();
    if (!found)
        return found.error();
    if (found->all.empty())
        return Error{Errc::usage, "there is no XDP program to be observed",
                     "'whydrop xdp status' shows where there are some"};
    const Status added = add_all(packets, *found, false);
    for (const std::string &unseen : found->unseen)
        notes_.push_back("not seen: " + unseen);
    if (!observed_.empty() || added)
        return success();
    Error error = added.error();
    error.hint += (error.hint.empty() ? "" : ". ") +
                  std::string(
                      "'whydrop xdp exceptions' counts XDP_ABORTED and what fails behind a "
                      "program on such a kernel too, 'whydrop xdp status' shows the "
                      "programs");
    return error;
}

void XdpProgramsObserved::look_again(XdpPackets &packets) {
    if (std::chrono::steady_clock::now() < next_look_)
        return;
    next_look_ = std::chrono::steady_clock::now() + between_looks;
    if (const auto found = find())
        (void)add_all(packets, *found, true);
}

std::string XdpProgramsObserved::text() const {
    std::string text;
    for (const std::string &one : observed_)
        text += (text.empty() ? "" : ", ") + one;
    return text;
}

}  // namespace whydrop
