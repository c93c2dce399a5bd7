// SPDX-License-Identifier: GPL-2.0-or-later
// How each scenario makes the kernel lose packets (scenarios.h has the table of them).
#pragma once

#include "lab/network.h"
#include "sys/result.h"

namespace whydrop::causes {

// Frames that are wrong in themselves.
Status wrong_mac(LabNetwork &network, unsigned times);
Status unknown_ethertype(LabNetwork &network, unsigned times);
Status header_too_short(LabNetwork &network, unsigned times);
Status length_too_large(LabNetwork &network, unsigned times);
Status bad_ip_checksum(LabNetwork &network, unsigned times);
Status own_source(LabNetwork &network, unsigned times);
Status loopback_source(LabNetwork &network, unsigned times);
Status multicast_source(LabNetwork &network, unsigned times);
Status unknown_protocol(LabNetwork &network, unsigned times);
Status bad_icmp_checksum(LabNetwork &network, unsigned times);
Status bad_udp_checksum(LabNetwork &network, unsigned times);
Status udp_length_too_large(LabNetwork &network, unsigned times);
Status bad_tcp_checksum(LabNetwork &network, unsigned times);

// Frames that are right, and a host that does not want them.
Status ipv6_switched_off(LabNetwork &network, unsigned times);
Status not_our_address(LabNetwork &network, unsigned times);
Status no_route(LabNetwork &network, unsigned times);
Status ttl_expired(LabNetwork &network, unsigned times);
Status larger_than_mtu(LabNetwork &network, unsigned times);
Status reverse_path(LabNetwork &network, unsigned times);
Status netfilter_drop(LabNetwork &network, unsigned times);

// Sockets.
Status closed_udp_port(LabNetwork &network, unsigned times);
Status closed_tcp_port(LabNetwork &network, unsigned times);
Status full_receive_buffer(LabNetwork &network, unsigned times);
Status socket_filter(LabNetwork &network, unsigned times);
Status full_queue(LabNetwork &network, unsigned times);
Status dead_neighbour(LabNetwork &network, unsigned times);

}  // namespace whydrop::causes
