// SPDX-License-Identifier: GPL-2.0-or-later
// A network of our own to lose packets in: two namespaces without names, joined by two veth pairs.
//
//     tx                                       rx, the host that is observed
//     lab0 10.77.0.1 --------------- lab1 10.77.0.2
//     lab2 10.77.1.1 --------------- lab3 10.77.1.2
//
// Neighbours are static and IPv6 is off, so that nothing moves unless a scenario moves it. Nothing
// is left behind however the owner ends: the namespaces live by a file descriptor and a placeholder
// process that ends with the owner, and the devices live in the namespaces.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lab/rtnl.h"
#include "model/packet.h"
#include "sys/handle.h"
#include "sys/netns.h"
#include "sys/result.h"

namespace whydrop {

enum class Side { tx = 0, rx = 1 };
constexpr Side other(Side side) {
    return side == Side::tx ? Side::rx : Side::tx;
}

// One end of a link. Prefixes are 24 and 64 bits.
struct LabPort {
    std::string name;
    uint32_t ifindex = 0;
    MacAddress mac{};
    IpAddress ipv4, ipv6;
};

struct LabOptions {
    bool ipv6 = false;  // fd77::/64 on the links; brings multicast listener reports with it
};

IpAddress ipv4_address(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

// A child process that does nothing but live in a network namespace of its own, so that the
// namespace is found by its inode under /proc.
class NetnsHolder {
  public:
    static Result<NetnsHolder> start();
    NetnsHolder(NetnsHolder &&other) noexcept;
    NetnsHolder &operator=(NetnsHolder &&other) noexcept;
    ~NetnsHolder();
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    NetnsHolder(pid_t pid, Fd life) : pid_(pid), life_(std::move(life)) {}
    pid_t pid_ = 0;  // 0: moved from
    Fd life_;        // the child ends when no copy of this end of the pipe is open any more
};

class LabNetwork {
  public:
    static constexpr unsigned kLinks = 2;

    // Needs CAP_SYS_ADMIN and CAP_NET_ADMIN; unsupported without. Returns when packets can pass.
    static Result<LabNetwork> create(const LabOptions &options = {});

    // One that another process made and keeps; which is any way in that open_netns() takes.
    static Result<LabNetwork> join(const std::string &tx, const std::string &rx);

    [[nodiscard]] const Fd &netns(Side side) const { return netns_[index(side)]; }
    [[nodiscard]] uint32_t inode(Side side) const { return inodes_[index(side)]; }
    // Of the placeholder. 0: the network was joined.
    [[nodiscard]] pid_t pid(Side side) const {
        return holders_.empty() ? 0 : holders_[index(side)].pid();
    }
    [[nodiscard]] const LabPort &port(Side side, unsigned link = 0) const {
        return ports_[index(side)][link];
    }
    [[nodiscard]] Result<NetnsScope> enter(Side side) const {
        return NetnsScope::enter(netns(side));
    }

    // A file under /proc/sys/net ("ipv4/ip_forward") as that namespace sees it.
    Status set_sysctl(Side side, const std::string &name, const std::string &value) const;
    [[nodiscard]] Result<std::string> sysctl(Side side, const std::string &name) const;
    // A whole file under /proc/net ("snmp") as that namespace sees it.
    [[nodiscard]] Result<std::string> proc_net(Side side, const std::string &name) const;

  private:
    LabNetwork() = default;
    static size_t index(Side side) { return static_cast<size_t>(side); }
    Status quiet(const LabOptions &options) const;
    Status connect();
    Status address(const LabOptions &options) const;

    Status adopt(Side side, Fd netns);
    Status find_ports();

    std::vector<NetnsHolder> holders_;  // by side; empty: joined
    std::array<Fd, 2> netns_;
    std::array<uint32_t, 2> inodes_{};
    std::array<std::array<LabPort, kLinks>, 2> ports_{};
};

}  // namespace whydrop
