// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/xdp/attachments.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "source/function_list.h"
#include "source/xdp/loader.h"

namespace whydrop {

namespace {

// One namespace, while we are in it.
struct Place {
    NetnsEntry netns;
    std::vector<NetworkLink> links;
    std::map<int32_t, uint32_t> inodes;       // of other namespaces, by its names for them
    std::map<uint32_t, bool> receive_merges;  // GRO of its veths, by index
    XdpSockets sockets;
};

bool merges_received(const std::string &device) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ethtool_value value = {};
    value.cmd = ETHTOOL_GGRO;
    ifreq request = {};
    std::strncpy(request.ifr_name, device.c_str(), sizeof request.ifr_name - 1);
    request.ifr_data = reinterpret_cast<char *>(&value);
    return ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0 && value.data;
}

Result<Place> look_into(const NetnsEntry &entry, const std::vector<NetnsEntry> &others) {
    const auto inside = NetnsScope::enter(entry);
    if (!inside)
        return inside.error();
    auto links = list_links();
    if (!links)
        return links.error();
    auto sockets = list_xdp_sockets();
    if (!sockets)
        return sockets.error();
    Place place{entry, std::move(*links), {}, {}, std::move(*sockets)};
    const bool has_neighbours = std::any_of(place.links.begin(), place.links.end(),
                                            [](const auto &link) { return link.lower_nsid; });
    for (const NetnsEntry &other : others)
        if (const auto fd = open_netns(other); has_neighbours && fd)
            if (const auto nsid = nsid_of(*fd))
                place.inodes[*nsid] = other.inode;
    for (const NetworkLink &link : place.links)
        if (link.kind == "veth")
            place.receive_merges[link.ifindex] = merges_received(link.name);
    return place;
}

class Finder {
  public:
    Result<XdpAttachments> run(const std::string &netns, const std::string &iface);

  private:
    Status look(const std::string &netns);
    Status add(const Place &place, const NetworkLink &link, const LinkXdp &xdp);
    void add_sockets(const Place &place, const std::string &iface);
    void find_owners();
    std::string deaf_peer(const Place &place, const NetworkLink &link);
    bool gro_makes_veth_listen();

    std::vector<Place> places_;
    XdpAttachments found_;
    std::optional<bool> gro_makes_veth_listen_;
};

Status Finder::look(const std::string &netns) {
    const auto everywhere = list_netns();
    std::optional<uint32_t> wanted;
    if (!netns.empty()) {
        const auto fd = open_netns(netns);
        const auto inode = fd ? netns_inode(*fd) : Result<uint32_t>(fd.error());
        if (!inode)
            return inode.error();
        wanted = *inode;
    }
    for (const NetnsEntry &entry : everywhere) {
        // Of a veth the other end is looked at as well, wherever it is.
        auto place = look_into(entry, everywhere);
        if (place)
            places_.push_back(std::move(*place));
        else if (!wanted || *wanted == entry.inode)
            found_.unseen.push_back("namespace " + name_of(entry) + ": " + place.error().what);
    }
    if (wanted)
        std::stable_partition(places_.begin(), places_.end(),
                              [&](const Place &place) { return place.netns.inode == *wanted; });
    return success();
}

// Since d3256efd8e8b (5.13) a veth listens to the other end's XDP also with GRO switched on;
// veth_set_features came with it.
bool Finder::gro_makes_veth_listen() {
    if (!gro_makes_veth_listen_) {
        const auto found = find_functions({"veth_set_features"});
        gro_makes_veth_listen_ = found && !found->empty();
    }
    return *gro_makes_veth_listen_;
}

std::string Finder::deaf_peer(const Place &place, const NetworkLink &link) {
    if (link.kind != "veth" || link.lower == 0)
        return {};
    uint32_t inode = place.netns.inode;
    if (link.lower_nsid) {
        const auto known = place.inodes.find(*link.lower_nsid);
        inode = known == place.inodes.end() ? 0 : known->second;
    }
    for (const Place &other : places_)
        for (const NetworkLink &peer : other.links) {
            if (other.netns.inode != inode || peer.ifindex != link.lower)
                continue;
            const bool listens = !peer.xdp.empty() ||
                                 (other.receive_merges.at(peer.ifindex) && gro_makes_veth_listen());
            return listens ? "" : peer.name;
        }
    return {};  // out of sight: nothing is said
}

Status Finder::add(const Place &place, const NetworkLink &link, const LinkXdp &xdp) {
    const auto fd = open_program(xdp.program);
    if (!fd)
        return fd.error();
    auto info = program_info(*fd);
    if (!info)
        return info.error();
    XdpAttachment attachment;
    attachment.netns = place.netns;
    attachment.link = link;
    attachment.mode = xdp.mode;
    attachment.program = std::move(*info);
    attachment.deaf_peer = deaf_peer(place, link);
    const auto members = members_of(place.netns, link.name, attachment.program);
    if (!members)
        return members.error();
    for (const auto &[part, id] : *members)
        if (const auto member = open_program(id))
            if (auto described = program_info(*member))
                attachment.members.push_back({part, std::move(*described)});
    found_.all.push_back(std::move(attachment));
    return success();
}

void Finder::add_sockets(const Place &place, const std::string &iface) {
    for (const XdpSocket &socket : place.sockets.all) {
        XdpSocketUse use{place.netns, "", socket, {}};
        for (const NetworkLink &link : place.links)
            if (link.ifindex == socket.ifindex)
                use.dev = link.name;
        if (iface.empty() || use.dev == iface)
            found_.sockets.push_back(std::move(use));
    }
    if (const uint64_t untold = place.sockets.untold)
        found_.unseen.push_back(
            "namespace " + name_of(place.netns) + ": " + std::to_string(untold) +
            (untold == 1 ? " AF_XDP socket is" : " AF_XDP sockets are") +
            " there, and this kernel cannot say on which device (no CONFIG_XDP_SOCKETS_DIAG)");
}

void Finder::find_owners() {
    std::set<uint64_t> inodes;
    for (const XdpSocketUse &use : found_.sockets)
        inodes.insert(use.socket.inode);
    const auto owners = socket_owners(inodes);
    for (XdpSocketUse &use : found_.sockets)
        if (const auto known = owners.find(use.socket.inode); known != owners.end())
            use.owners = known->second;
}

Result<XdpAttachments> Finder::run(const std::string &netns, const std::string &iface) {
    if (auto looked = look(netns); !looked)
        return looked.error();
    bool is_there = iface.empty();
    for (size_t i = 0; i < places_.size() && (netns.empty() || i == 0); i++) {
        add_sockets(places_[i], iface);
        for (const NetworkLink &link : places_[i].links) {
            if (!iface.empty() && link.name != iface)
                continue;
            is_there = true;
            for (const LinkXdp &xdp : link.xdp)
                if (auto added = add(places_[i], link, xdp); !added) {
                    if (added.error().code == Errc::unsupported)
                        return added.error();
                    found_.unseen.push_back(link.name + ": " + added.error().what);
                }
        }
    }
    find_owners();
    if (!is_there)
        return no_such_device(iface, netns);
    return std::move(found_);
}

}  // namespace

const char *name_of(XdpMode mode) {
    switch (mode) {
        case XdpMode::native:
            return "native";
        case XdpMode::generic:
            return "generic";
        case XdpMode::offload:
            return "offload";
    }
    return "";
}

// Whom a link replaces parts of is told since 441e8c66b23e (5.13). Before that libxdp knows.
Result<std::map<std::string, uint32_t>> members_of(const NetnsEntry &netns, const std::string &dev,
                                                   const BpfProgramInfo &program) {
    auto told = replacements_of(program);
    if (!told || !told->empty() || program.function != "xdp_dispatcher")
        return told;
    const auto inside = NetnsScope::enter(netns);
    if (!inside)
        return inside.error();
    const std::vector<uint32_t> ids = dispatched_on(dev);
    for (size_t i = 0; i < ids.size(); i++)
        // One alone stands in for the whole.
        (*told)[ids.size() == 1 ? program.function : "prog" + std::to_string(i)] = ids[i];
    return told;
}

Error no_such_device(const std::string &iface, const std::string &netns) {
    return Error{Errc::usage, "there is no device '" + iface + "'",
                 netns.empty() ? "in no namespace that can be seen; `ip link` lists devices"
                               : "`ip -n " + netns + " link` lists them"};
}

Result<XdpAttachments> find_xdp(const std::string &netns, const std::string &iface) {
    return Finder().run(netns, iface);
}

}  // namespace whydrop
