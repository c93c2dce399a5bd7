// SPDX-License-Identifier: GPL-2.0-or-later
// Which XDP programs are where, looked at again and again: what a run that counts has to notice.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sys/links.h"
#include "sys/netns.h"
#include "sys/result.h"

namespace whydrop {

// A device: the inode of its namespace, its index.
using XdpPlace = std::pair<uint32_t, uint32_t>;

// A program on a device.
struct XdpSpot {
    XdpPlace place;
    XdpMode mode = XdpMode::native;
    // What it is of a dispatcher: "prog0". Empty: it is attached itself, or stands in for all of a
    // dispatcher, as libxdp has it of one that is alone.
    std::string part;
    uint32_t program = 0;     // id
    uint32_t attached = 0;    // id of what is attached: a dispatcher, or the program itself
    bool dispatches = false;  // what it answers is made of what its members answer

    auto operator<=>(const XdpSpot &) const = default;
};

struct XdpScene {
    std::vector<XdpSpot> spots;  // by namespace, device, and the order of a dispatcher
    // Every device there is in the namespaces looked at.
    struct Device {
        std::string name, netns;  // netns: its name, or its inode
    };
    std::map<XdpPlace, Device> devices;
    bool has_netns = true, has_device = true;  // that were asked for
    std::vector<std::string> unseen;           // namespaces that could not be entered, and why
};

class XdpWatch {
  public:
    // As find_xdp(). Errors: usage when there is no such namespace.
    static Result<XdpWatch> open(const std::string &netns, std::string iface);

    // As it is now. A namespace or device that was asked for may be gone. Errors: unsupported when
    // this user may not look.
    Result<XdpScene> look();

  private:
    XdpWatch(std::optional<uint32_t> netns, std::string iface)
        : netns_(netns), iface_(std::move(iface)) {}
    // Absent: programs went away while they were looked at.
    Result<std::optional<XdpScene>> look_once();
    Result<bool> add_spots(const NetnsEntry &netns, const NetworkLink &link, XdpScene &scene);
    using Members = std::map<std::string, uint32_t>;
    // Remembered: a dispatcher is never given others, a new one takes its place.
    Result<Members> members(const NetnsEntry &netns, const NetworkLink &link, uint32_t program);

    std::optional<uint32_t> netns_;  // inode
    std::string iface_;
    std::map<uint32_t, Members> members_;
};

}  // namespace whydrop
