// SPDX-License-Identifier: GPL-2.0-or-later
// The few requests to rtnetlink(7) that the lab makes, each in the namespace for which the Rtnl was
// opened. Every call waits for the kernel's answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "model/packet.h"
#include "sys/handle.h"
#include "sys/result.h"

struct nl_sock;

namespace whydrop {

// One end of a veth pair.
struct VethEnd {
    std::string name;
    MacAddress mac{};
};

struct RouteSpec {
    IpAddress net;
    uint8_t prefix_bits = 0;
    IpAddress via;
    uint32_t ifindex = 0;
    uint32_t mtu_bytes = 0;  // 0: that of the device
};

class Rtnl {
  public:
    // Stays in `netns` whatever the calling thread does later.
    static Result<Rtnl> open(const Fd &netns);
    Rtnl(Rtnl &&) noexcept;
    Rtnl &operator=(Rtnl &&) noexcept;
    ~Rtnl();

    // `here` in this namespace, `there` in the other; both down.
    Status add_veth(const VethEnd &here, const VethEnd &there, const Fd &other_netns);
    Result<uint32_t> ifindex(const std::string &name);
    Status set_up(uint32_t ifindex);
    // Has carrier, and a queue that takes packets.
    Result<bool> is_up(const std::string &name);
    Status add_address(uint32_t ifindex, const IpAddress &address, uint8_t prefix_bits);
    Status add_neighbour(uint32_t ifindex, const IpAddress &address, const MacAddress &mac);
    Status add_route(const RouteSpec &route);
    Status delete_route(const RouteSpec &route);

    // A root queue that holds so few bytes that no packet fits: everything sent is dropped.
    Status add_full_queue(uint32_t ifindex);
    Status delete_root_queue(uint32_t ifindex);

  private:
    friend Status wait_until_up(const Fd &, const std::string &, std::chrono::milliseconds);
    explicit Rtnl(nl_sock *socket) : socket_(socket) {}
    nl_sock *socket_;  // null: moved from
};

// Until the device has carrier and its queue takes packets.
Status wait_until_up(const Fd &netns, const std::string &name, std::chrono::milliseconds timeout);

}  // namespace whydrop
