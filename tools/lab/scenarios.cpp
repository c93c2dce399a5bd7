// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/scenarios.h"

#include <algorithm>

#include "lab/causes.h"

namespace whydrop {
namespace {

const std::vector<Scenario> kTable = {
    {"eth.other_host", "frames whose destination MAC is not this host's", "eth.other_host",
     "OTHERHOST", "", causes::wrong_mac},
    {"eth.unhandled_protocol", "frames of an ethertype that nothing here speaks",
     "eth.unhandled_protocol", "UNHANDLED_PROTO", "lab1 rx_dropped", causes::unknown_ethertype},
    {"ipv4.header", "IPv4 headers that claim to be 12 bytes long", "ipv4.header", "IP_INHDR",
     "Ip InHdrErrors", causes::header_too_short},
    {"ipv4.length", "IPv4 headers that claim 14 bytes more than there are", "ipv4.length",
     "PKT_TOO_SMALL", "IpExt InTruncatedPkts", causes::length_too_large},
    {"ipv4.checksum", "IPv4 headers with a wrong checksum", "ipv4.checksum", "IP_CSUM",
     "IpExt InCsumErrors", causes::bad_ip_checksum},
    {"ipv4.local_source", "packets that come in with this host's own address as their source",
     "ipv4.local_source", "IP_LOCAL_SOURCE", "", causes::own_source},
    {"ipv4.loopback_source", "packets from 127.0.0.9 that come from outside",
     "ipv4.loopback_source", "IP_LOCALNET", "", causes::loopback_source},
    {"ipv4.invalid_source", "packets with a multicast address as their source",
     "ipv4.invalid_source", "IP_INVALID_SOURCE", "", causes::multicast_source},
    {"ipv4.reverse_path", "packets from a network whose route leaves by the other device",
     "ipv4.reverse_path", "IP_RPFILTER", "TcpExt IPReversePathFilter", causes::reverse_path},
    {"ip.not_our_address", "packets for an address that is not this host's, which is no router",
     "ip.not_our_address", "IP_INADDRERRORS", "Ip InAddrErrors", causes::not_our_address,
     "ip.no_route_in"},
    {"ip.no_route_in", "packets to be forwarded to a network without a route", "ip.no_route_in",
     "IP_INNOROUTES", "IpExt InNoRoutes", causes::no_route},
    {"ipv4.ttl_expired", "packets to be forwarded whose TTL is 1", "ipv4.ttl_expired", "IP_INHDR",
     "Ip InHdrErrors", causes::ttl_expired},
    {"ip.too_big", "packets to be forwarded, too large for the next link, not to be fragmented",
     "ip.too_big", "PKT_TOO_BIG", "Ip FragFails", causes::larger_than_mtu},
    {"ipv4.unknown_protocol", "IPv4 packets of protocol 253", "ipv4.unknown_protocol", "IP_NOPROTO",
     "Ip InUnknownProtos", causes::unknown_protocol},
    {"ipv6.disabled", "IPv6 packets to a device on which IPv6 is switched off", "ipv6.disabled",
     "IPV6DISABLED", "Ip6 InDiscards", causes::ipv6_switched_off, "ipv6.receive_check"},
    {"netfilter.drop", "datagrams to a host whose nftables input chain drops by its policy",
     "netfilter.drop", "NETFILTER_DROP", "", causes::netfilter_drop},
    {"icmp.checksum", "ICMP echo requests with a wrong checksum", "icmp.checksum", "ICMP_CSUM",
     "Icmp InCsumErrors", causes::bad_icmp_checksum},
    {"udp.checksum", "UDP datagrams with a wrong checksum", "udp.checksum", "UDP_CSUM",
     "Udp InCsumErrors", causes::bad_udp_checksum},
    {"udp.length", "UDP headers that claim 14 bytes more than there are", "udp.length",
     "PKT_TOO_SMALL", "Udp InErrors", causes::udp_length_too_large},
    {"udp.no_socket", "UDP datagrams to a port on which nobody listens", "udp.no_socket",
     "NO_SOCKET", "Udp NoPorts", causes::closed_udp_port},
    {"tcp.checksum", "TCP segments with a wrong checksum", "tcp.checksum", "TCP_CSUM",
     "Tcp InCsumErrors", causes::bad_tcp_checksum},
    {"tcp.no_socket", "TCP connections to a port on which nobody listens", "tcp.no_socket",
     "NO_SOCKET", "Tcp OutRsts", causes::closed_tcp_port},
    {"socket.receive_buffer", "datagrams to a program that does not read them",
     "socket.receive_buffer", "SOCKET_RCVBUFF", "Udp RcvbufErrors", causes::full_receive_buffer},
    {"socket.filter", "datagrams to a socket whose own filter refuses them", "socket.filter",
     "SOCKET_FILTER", "Udp InErrors", causes::socket_filter, "socket.receive_buffer"},
    {"qdisc.drop", "datagrams sent out through a queue that is full", "qdisc.drop", "QDISC_DROP",
     "Udp SndbufErrors", causes::full_queue},
    {"neigh.failed", "datagrams to a neighbour that does not answer ARP", "neigh.failed",
     "NEIGH_FAILED", "", causes::dead_neighbour},
};

}  // namespace

const std::vector<Scenario> &scenarios() {
    return kTable;
}

const Scenario *find_scenario(const std::string &id) {
    const std::vector<Scenario> &table = scenarios();
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const Scenario &scenario) { return scenario.id == id; });
    return found == table.end() ? nullptr : &*found;
}

}  // namespace whydrop
