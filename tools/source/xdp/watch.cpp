// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/xdp/watch.h"

#include "source/xdp/attachments.h"

namespace whydrop {

namespace {

// The function of libxdp's dispatcher that calls the others.
constexpr char whole_dispatcher[] = "xdp_dispatcher";

}  // namespace

Result<XdpWatch> XdpWatch::open(const std::string &netns, std::string iface) {
    if (netns.empty())
        return XdpWatch({}, std::move(iface));
    const auto fd = open_netns(netns);
    const auto inode = fd ? netns_inode(*fd) : Result<uint32_t>(fd.error());
    if (!inode)
        return inode.error();
    return XdpWatch(*inode, std::move(iface));
}

Result<XdpWatch::Members> XdpWatch::members(const NetnsEntry &netns, const NetworkLink &link,
                                            uint32_t program) {
    const auto known = members_.find(program);
    if (known != members_.end())
        return known->second;
    const auto fd = open_program(program);
    const auto info = fd ? program_info(*fd) : Result<BpfProgramInfo>(fd.error());
    if (!info)
        return info.error();
    auto members = members_of(netns, link.name, *info);
    if (members)
        members_[program] = *members;
    return members;
}

// False: a program went away in between.
Result<bool> XdpWatch::add_spots(const NetnsEntry &netns, const NetworkLink &link,
                                 XdpScene &scene) {
    for (const LinkXdp &xdp : link.xdp) {
        const auto members = this->members(netns, link, xdp.program);
        if (!members && members.error().code == Errc::unsupported)
            return members.error();
        if (!members)
            return false;
        const XdpPlace place{netns.inode, link.ifindex};
        const auto alone = members->find(whole_dispatcher);
        if (alone != members->end()) {
            scene.spots.push_back({place, xdp.mode, {}, alone->second, xdp.program, false});
            continue;
        }
        scene.spots.push_back({place, xdp.mode, {}, xdp.program, xdp.program, !members->empty()});
        for (const auto &[part, program] : *members)
            scene.spots.push_back({place, xdp.mode, part, program, xdp.program, false});
    }
    return true;
}

Result<std::optional<XdpScene>> XdpWatch::look_once() {
    XdpScene scene;
    scene.has_netns = !netns_;
    scene.has_device = iface_.empty();
    for (const NetnsEntry &netns : list_netns()) {
        if (netns_ && *netns_ != netns.inode)
            continue;
        const std::string name = netns.name.empty() ? std::to_string(netns.inode) : netns.name;
        const auto inside = NetnsScope::enter(netns);
        const auto links = inside ? list_links() : Result<std::vector<NetworkLink>>(inside.error());
        if (!links && netns_ && links.error().code == Errc::unsupported)
            return links.error();
        if (!links) {
            scene.unseen.push_back("namespace " + name + ": " + links.error().what);
            continue;
        }
        scene.has_netns = true;
        for (const NetworkLink &link : *links) {
            scene.devices[{netns.inode, link.ifindex}] = {link.name, name};
            if (!iface_.empty() && link.name != iface_)
                continue;
            scene.has_device = true;
            const auto added = add_spots(netns, link, scene);
            if (!added)
                return added.error();
            if (!*added)
                return std::optional<XdpScene>();
        }
    }
    return std::optional(std::move(scene));
}

Result<XdpScene> XdpWatch::look() {
    constexpr int tries = 7;
    for (int i = 0; i < tries; i++) {
        auto scene = look_once();
        if (!scene)
            return scene.error();
        if (*scene)
            return std::move(**scene);
    }
    return Error{Errc::failed, "XDP programs are replaced faster than they can be looked at", ""};
}

}  // namespace whydrop
