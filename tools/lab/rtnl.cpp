// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/rtnl.h"

#include <linux/if.h>
#include <linux/pkt_sched.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/qdisc/fifo.h>
#include <netlink/route/route.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "sys/netns.h"

namespace whydrop {
namespace {

using Link = Handle<rtnl_link, &rtnl_link_put>;
using Addr = Handle<rtnl_addr, &rtnl_addr_put>;
using NlAddr = Handle<nl_addr, &nl_addr_put>;
using Neigh = Handle<rtnl_neigh, &rtnl_neigh_put>;
using Route = Handle<rtnl_route, &rtnl_route_put>;
using Qdisc = Handle<rtnl_qdisc, &rtnl_qdisc_put>;

constexpr uint8_t kOperUp = 6;  // IF_OPER_UP, RFC 2863

Error netlink_error(const std::string &what, int code) {
    const bool refused = code == -NLE_PERM || code == -NLE_OPNOTSUPP || code == -NLE_NOACCESS;
    return Error{refused ? Errc::unsupported : Errc::failed,
                 "cannot " + what + ": " + nl_geterror(code),
                 refused ? "this needs CAP_NET_ADMIN, and a kernel that has it" : ""};
}

Status status_of(const std::string &what, int code) {
    if (code < 0)
        return netlink_error(what, code);
    return success();
}

Error out_of_memory() {
    return Error{Errc::failed, "out of memory", {}};
}

NlAddr nl_address(const IpAddress &address, int prefix_bits = -1) {
    const bool v6 = address.family == 6;
    NlAddr out(nl_addr_build(v6 ? AF_INET6 : AF_INET, address.bytes.data(), v6 ? 16 : 4));
    if (out && prefix_bits >= 0)
        nl_addr_set_prefixlen(out.get(), prefix_bits);
    return out;
}

NlAddr nl_address(const MacAddress &mac) {
    return NlAddr(nl_addr_build(AF_LLC, mac.data(), mac.size()));
}

void describe(rtnl_link *link, const VethEnd &end) {
    rtnl_link_set_name(link, end.name.c_str());
    if (NlAddr mac = nl_address(end.mac))
        rtnl_link_set_addr(link, mac.get());
}

Result<Route> make_route(const RouteSpec &spec) {
    Route route(rtnl_route_alloc());
    NlAddr net = nl_address(spec.net, spec.prefix_bits);
    NlAddr via = nl_address(spec.via);
    rtnl_nexthop *hop = rtnl_route_nh_alloc();
    if (!route || !net || !via || hop == nullptr) {
        if (hop != nullptr)
            rtnl_route_nh_free(hop);
        return out_of_memory();
    }
    rtnl_route_nh_set_ifindex(hop, static_cast<int>(spec.ifindex));
    rtnl_route_nh_set_gateway(hop, via.get());
    rtnl_route_set_dst(route.get(), net.get());
    rtnl_route_add_nexthop(route.get(), hop);  // owned by the route from here on
    if (spec.mtu_bytes != 0)
        rtnl_route_set_metric(route.get(), RTAX_MTU, spec.mtu_bytes);
    return route;
}

}  // namespace

Result<Rtnl> Rtnl::open(const Fd &netns) {
    Result<NetnsScope> scope = NetnsScope::enter(netns);
    if (!scope)
        return std::move(scope).error();
    Rtnl rtnl(nl_socket_alloc());
    if (rtnl.socket_ == nullptr)
        return out_of_memory();
    if (const int code = nl_connect(rtnl.socket_, NETLINK_ROUTE); code < 0)
        return netlink_error("open rtnetlink", code);
    return rtnl;
}

Rtnl::Rtnl(Rtnl &&other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}

Rtnl &Rtnl::operator=(Rtnl &&other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
}

Rtnl::~Rtnl() {
    if (socket_ != nullptr)
        nl_socket_free(socket_);
}

Status Rtnl::add_veth(const VethEnd &here, const VethEnd &there, const Fd &other_netns) {
    Link link(rtnl_link_veth_alloc());
    if (!link)
        return out_of_memory();
    describe(link.get(), here);
    Link peer(rtnl_link_veth_get_peer(link.get()));
    describe(peer.get(), there);
    rtnl_link_set_ns_fd(peer.get(), other_netns.get());
    return status_of("create the veth pair " + here.name + ", " + there.name,
                     rtnl_link_add(socket_, link.get(), NLM_F_CREATE | NLM_F_EXCL));
}

Result<uint32_t> Rtnl::ifindex(const std::string &name) {
    rtnl_link *found = nullptr;
    if (const int code = rtnl_link_get_kernel(socket_, 0, name.c_str(), &found); code < 0)
        return netlink_error("find the device " + name, code);
    const Link link(found);
    return static_cast<uint32_t>(rtnl_link_get_ifindex(link.get()));
}

Status Rtnl::set_up(uint32_t ifindex) {
    const Link old(rtnl_link_alloc()), changed(rtnl_link_alloc());
    if (!old || !changed)
        return out_of_memory();
    rtnl_link_set_ifindex(old.get(), static_cast<int>(ifindex));
    rtnl_link_set_flags(changed.get(), IFF_UP);
    return status_of("set device " + std::to_string(ifindex) + " up",
                     rtnl_link_change(socket_, old.get(), changed.get(), 0));
}

Result<bool> Rtnl::is_up(const std::string &name) {
    rtnl_link *found = nullptr;
    if (const int code = rtnl_link_get_kernel(socket_, 0, name.c_str(), &found); code < 0)
        return netlink_error("look at the device " + name, code);
    const Link link(found);
    const char *queue = rtnl_link_get_qdisc(link.get());
    return rtnl_link_get_operstate(link.get()) == kOperUp && queue != nullptr &&
           std::string(queue) != "noop";
}

Status Rtnl::add_address(uint32_t ifindex, const IpAddress &address, uint8_t prefix_bits) {
    const Addr addr(rtnl_addr_alloc());
    const NlAddr local = nl_address(address, prefix_bits);
    if (!addr || !local)
        return out_of_memory();
    rtnl_addr_set_ifindex(addr.get(), static_cast<int>(ifindex));
    if (const int code = rtnl_addr_set_local(addr.get(), local.get()); code < 0)
        return netlink_error("set an address", code);
    // Duplicate address detection would send packets, and would make us wait.
    rtnl_addr_set_flags(addr.get(), address.family == 6 ? IFA_F_NODAD : 0u);
    return status_of("add an address to device " + std::to_string(ifindex),
                     rtnl_addr_add(socket_, addr.get(), 0));
}

Status Rtnl::add_neighbour(uint32_t ifindex, const IpAddress &address, const MacAddress &mac) {
    const Neigh neigh(rtnl_neigh_alloc());
    const NlAddr dst = nl_address(address), lladdr = nl_address(mac);
    if (!neigh || !dst || !lladdr)
        return out_of_memory();
    rtnl_neigh_set_ifindex(neigh.get(), static_cast<int>(ifindex));
    rtnl_neigh_set_dst(neigh.get(), dst.get());
    rtnl_neigh_set_lladdr(neigh.get(), lladdr.get());
    rtnl_neigh_set_state(neigh.get(), NUD_PERMANENT);
    return status_of("add a neighbour to device " + std::to_string(ifindex),
                     rtnl_neigh_add(socket_, neigh.get(), NLM_F_CREATE));
}

Status Rtnl::add_route(const RouteSpec &spec) {
    const Result<Route> route = make_route(spec);
    if (!route)
        return route.error();
    return status_of("add a route", rtnl_route_add(socket_, route->get(), NLM_F_EXCL));
}

Status Rtnl::delete_route(const RouteSpec &spec) {
    const Result<Route> route = make_route(spec);
    if (!route)
        return route.error();
    return status_of("delete a route", rtnl_route_delete(socket_, route->get(), 0));
}

Status Rtnl::add_full_queue(uint32_t ifindex) {
    const Qdisc qdisc(rtnl_qdisc_alloc());
    if (!qdisc)
        return out_of_memory();
    rtnl_tc *tc = TC_CAST(qdisc.get());
    rtnl_tc_set_ifindex(tc, static_cast<int>(ifindex));
    rtnl_tc_set_parent(tc, TC_H_ROOT);
    // bfifo, because it is in every kernel that has queueing at all. Its limit below the device's
    // MTU also keeps packets from passing by the empty queue (fifo_init, net/sched/sch_fifo.c).
    if (const int code = rtnl_tc_set_kind(tc, "bfifo"); code < 0)
        return netlink_error("describe a bfifo queue", code);
    rtnl_qdisc_fifo_set_limit(qdisc.get(), 1);
    return status_of("set a queue on device " + std::to_string(ifindex),
                     rtnl_qdisc_add(socket_, qdisc.get(), NLM_F_CREATE | NLM_F_REPLACE));
}

Status Rtnl::delete_root_queue(uint32_t ifindex) {
    const Qdisc qdisc(rtnl_qdisc_alloc());
    if (!qdisc)
        return out_of_memory();
    rtnl_tc_set_ifindex(TC_CAST(qdisc.get()), static_cast<int>(ifindex));
    rtnl_tc_set_parent(TC_CAST(qdisc.get()), TC_H_ROOT);
    return status_of("delete the queue of device " + std::to_string(ifindex),
                     rtnl_qdisc_delete(socket_, qdisc.get()));
}

Status wait_until_up(const Fd &netns, const std::string &name, std::chrono::milliseconds timeout) {
    // Before linkwatch has run, the device's queue is the one that throws everything away. It
    // reports a change when it has: listen first, then look, so that none is missed.
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    Result<Rtnl> queries = Rtnl::open(netns), events = Rtnl::open(netns);
    if (!queries || !events)
        return queries ? events.error() : queries.error();
    if (const int code = nl_socket_add_membership(events->socket_, RTNLGRP_LINK); code < 0)
        return netlink_error("listen to changes of devices", code);
    pollfd ready{nl_socket_get_fd(events->socket_), POLLIN, 0};
    // A message that is still queued when its socket closes is a drop like any other.
    const auto drain = [&] {
        char buffer[16384];
        while (::recv(ready.fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0) {
        }
    };
    for (;;) {
        const Result<bool> up = queries->is_up(name);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (!up || *up || left.count() <= 0) {
            nl_socket_drop_membership(events->socket_, RTNLGRP_LINK);
            drain();
            if (!up)
                return up.error();
            return *up ? success()
                       : Error{Errc::failed, "device " + name + " did not come up in time", {}};
        }
        if (::poll(&ready, 1, static_cast<int>(left.count())) > 0)
            drain();
    }
}

}  // namespace whydrop
