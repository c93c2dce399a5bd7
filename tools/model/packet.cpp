// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/packet.h"

namespace whydrop {

std::optional<Flow> flow_of(const PacketLevel &level) {
    Flow flow;
    if (level.ipv4) {
        flow.src = level.ipv4->src;
        flow.dst = level.ipv4->dst;
    } else if (level.ipv6) {
        flow.src = level.ipv6->src;
        flow.dst = level.ipv6->dst;
    } else {
        return {};
    }
    flow.protocol = level.protocol;
    const auto set_ports = [&flow](const auto &header) {
        if (header) {
            flow.sport = header->sport;
            flow.dport = header->dport;
        }
    };
    set_ports(level.tcp);
    set_ports(level.udp);
    set_ports(level.sctp);
    return flow;
}

}  // namespace whydrop
