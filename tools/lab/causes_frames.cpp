// SPDX-License-Identifier: GPL-2.0-or-later
// Drops that frames alone bring about, and the settings of the receiving host.
#include <functional>
#include <utility>

#include "lab/causes.h"
#include "lab/frames.h"
#include "lab/netfilter.h"

namespace whydrop::causes {
namespace {

constexpr uint8_t kIcmp = 1, kTcp = 6;
constexpr uint16_t kUnusedEthertype = 0x88b5;  // IEEE 802 local experimental ethertype 1
constexpr uint8_t kUnusedProtocol = 253;       // RFC 3692, for experiments
constexpr int16_t kTooMuch = 14;
constexpr uint16_t kFirstPort = 40100;

// What is done for a while, and undone whatever happens in between.
class Undo {
  public:
    explicit Undo(std::function<Status()> undo) : undo_(std::move(undo)) {}
    Undo(const Undo &) = delete;
    Undo &operator=(const Undo &) = delete;
    ~Undo() {
        if (undo_)
            (void)undo_();
    }
    Status now() { return std::exchange(undo_, {})(); }

  private:
    std::function<Status()> undo_;
};

Status send(const LabNetwork &network, const FrameSpec &spec, unsigned times) {
    Result<FrameSender> sender = FrameSender::open(network, Side::tx);
    if (!sender)
        return sender.error();
    return sender->send(build_frame(spec), times);
}

// Each scenario has a source port, and so a flow, of its own: on a kernel that gives no reasons,
// that is what tells the drops at one place apart.
FrameSpec frame(const LabNetwork &network, uint16_t scenario) {
    FrameSpec spec = frame_between(network, Side::tx);
    spec.sport = static_cast<uint16_t>(kFirstPort + scenario);
    return spec;
}

// Sends while a setting of the receiving host is another.
Status send_with(const LabNetwork &network, const std::string &sysctl, const std::string &value,
                 const FrameSpec &spec, unsigned times) {
    const Result<std::string> before = network.sysctl(Side::rx, sysctl);
    if (!before)
        return before.error();
    if (Status set = network.set_sysctl(Side::rx, sysctl, value); !set)
        return set;
    Undo undo([&] { return network.set_sysctl(Side::rx, sysctl, *before); });
    if (Status sent = send(network, spec, times); !sent)
        return sent;
    return undo.now();
}

// Sends while the receiving host has one route more.
Status send_with_route(const LabNetwork &network, const RouteSpec &route, const std::string &sysctl,
                       const FrameSpec &spec, unsigned times) {
    Result<Rtnl> rtnl = Rtnl::open(network.netns(Side::rx));
    if (!rtnl)
        return rtnl.error();
    if (Status added = rtnl->add_route(route); !added)
        return added;
    Undo undo([&] { return rtnl->delete_route(route); });
    if (Status sent = send_with(network, sysctl, "1", spec, times); !sent)
        return sent;
    return undo.now();
}

// Away over the second link.
RouteSpec second_route(const LabNetwork &network, const IpAddress &net) {
    RouteSpec route;
    route.net = net;
    route.prefix_bits = 24;
    route.via = network.port(Side::tx, 1).ipv4;
    route.ifindex = network.port(Side::rx, 1).ifindex;
    return route;
}

}  // namespace

Status wrong_mac(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 1);
    spec.dst_mac.back() = 0x99;
    return send(network, spec, times);
}

Status unknown_ethertype(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 2);
    spec.ethertype = kUnusedEthertype;
    return send(network, spec, times);
}

Status header_too_short(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 3);
    spec.header_words = 3;
    return send(network, spec, times);
}

Status length_too_large(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 4);
    spec.length_error = kTooMuch;
    return send(network, spec, times);
}

Status bad_ip_checksum(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 5);
    spec.checksum_error = 0x0101;
    return send(network, spec, times);
}

Status own_source(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 6);
    spec.src = network.port(Side::rx).ipv4;
    return send(network, spec, times);
}

Status loopback_source(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 7);
    spec.src = ipv4_address(127, 0, 0, 9);
    return send(network, spec, times);
}

Status multicast_source(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 8);
    spec.src = ipv4_address(224, 0, 0, 5);
    return send(network, spec, times);
}

Status unknown_protocol(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 9);
    spec.protocol = kUnusedProtocol;
    return send(network, spec, times);
}

Status bad_icmp_checksum(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 10);
    spec.protocol = kIcmp;
    spec.transport_checksum_error = 0x0101;
    return send(network, spec, times);
}

Status bad_udp_checksum(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 11);
    spec.transport_checksum_error = 0x0101;
    return send(network, spec, times);
}

Status udp_length_too_large(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 12);
    spec.udp_length_error = kTooMuch;
    return send(network, spec, times);
}

Status bad_tcp_checksum(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 13);
    spec.protocol = kTcp;
    spec.transport_checksum_error = 0x0101;
    return send(network, spec, times);
}

Status closed_udp_port(LabNetwork &network, unsigned times) {
    return send(network, frame(network, 14), times);
}

Status ipv6_switched_off(LabNetwork &network, unsigned times) {
    const Result<std::string> off = network.sysctl(Side::rx, "ipv6/conf/lab1/disable_ipv6");
    if (!off || *off != "1")
        return Error{Errc::unsupported, "this needs a kernel with IPv6 and a lab without", {}};
    FrameSpec spec = frame(network, 15);
    spec.src = network.port(Side::tx).ipv6;
    spec.dst = network.port(Side::rx).ipv6;
    return send(network, spec, times);
}

Status not_our_address(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 16);
    spec.dst = ipv4_address(10, 78, 0, 7);
    return send_with(network, "ipv4/ip_forward", "0", spec, times);
}

Status no_route(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 17);
    spec.dst = ipv4_address(10, 78, 0, 7);
    return send_with(network, "ipv4/ip_forward", "1", spec, times);
}

Status ttl_expired(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 18);
    spec.dst = ipv4_address(10, 78, 0, 7);
    spec.ttl = 1;
    return send_with_route(network, second_route(network, ipv4_address(10, 78, 0, 0)),
                           "ipv4/ip_forward", spec, times);
}

Status larger_than_mtu(LabNetwork &network, unsigned times) {
    RouteSpec route = second_route(network, ipv4_address(10, 78, 0, 0));
    route.mtu_bytes = 700;
    FrameSpec spec = frame(network, 19);
    spec.dst = ipv4_address(10, 78, 0, 7);
    spec.dont_fragment = true;
    spec.payload_bytes = 1100;
    return send_with_route(network, route, "ipv4/ip_forward", spec, times);
}

Status reverse_path(LabNetwork &network, unsigned times) {
    FrameSpec spec = frame(network, 20);
    spec.src = ipv4_address(10, 99, 0, 1);
    return send_with_route(network, second_route(network, ipv4_address(10, 99, 0, 0)),
                           "ipv4/conf/lab1/rp_filter", spec, times);
}

Status netfilter_drop(LabNetwork &network, unsigned times) {
    const Fd &netns = network.netns(Side::rx);
    if (Status added = add_drop_chain(netns); !added)
        return added;
    Undo undo([&] { return delete_drop_chain(netns); });
    if (Status sent = send(network, frame(network, 21), times); !sent)
        return sent;
    return undo.now();
}

}  // namespace whydrop::causes
