// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_names.h"

#include "source/bpf_objects.h"
#include "sys/links.h"
#include "sys/netns.h"

namespace whydrop {

std::string XdpNames::device(uint32_t netns, uint32_t ifindex) {
    const std::pair key(netns, ifindex);
    if (const auto known = devices_.find(key); known != devices_.end())
        return known->second;
    std::string &name = devices_[key];
    const auto fd = open_netns_by_inode(netns);
    const auto inside = fd ? NetnsScope::enter(*fd) : Result<NetnsScope>(fd.error());
    const auto links = inside ? list_links() : Result<std::vector<NetworkLink>>(inside.error());
    if (links)
        for (const NetworkLink &link : *links)
            devices_[{netns, link.ifindex}] = link.name;
    return name;
}

std::string XdpNames::program(uint32_t id) {
    const auto [known, is_new] = programs_.try_emplace(id);
    if (is_new)
        if (const auto fd = open_program(id))
            if (const auto info = program_info(*fd))
                known->second = info->function.empty() ? info->name : info->function;
    return known->second;
}

std::string XdpNames::called_by(uint32_t id) {
    const auto [known, is_new] = called_.try_emplace(id);
    if (!is_new)
        return known->second;
    const auto fd = open_program(id);
    const auto info = fd ? program_info(*fd) : Result<BpfProgramInfo>(fd.error());
    const auto members =
        info ? replacements_of(*info) : Result<std::map<std::string, uint32_t>>(info.error());
    std::string called;
    if (members)
        for (const auto &[part, member] : *members)
            called += (called.empty() ? "" : ", ") + program(member) + " " + std::to_string(member);
    return called_[id] = called;
}

std::string XdpNames::netns(uint32_t inode) {
    if (!netns_.count(inode))
        for (const NetnsEntry &entry : list_netns())
            netns_[entry.inode] = entry.name;
    return netns_[inode];
}

std::string device_words(XdpNames &names, uint32_t netns, uint32_t ifindex) {
    if (!ifindex)
        return "-";
    const std::string name = names.device(netns, ifindex);
    return name.empty() ? "if" + std::to_string(ifindex) : name;
}

std::string netns_words(XdpNames &names, uint32_t inode) {
    const std::string name = names.netns(inode);
    return name.empty() ? std::to_string(inode) : name;
}

std::string program_words(XdpNames &names, uint32_t id) {
    const std::string name = names.program(id);
    const std::string called = names.called_by(id);
    return (name.empty() ? "program" : name) + " " + std::to_string(id) +
           (called.empty() ? "" : " (" + called + ")");
}

}  // namespace whydrop
