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

std::vector<uint8_t> bytes_on_wire(const Packet &packet) {
    constexpr size_t macs_bytes = 12, tag_bytes = 4;
    std::vector<uint8_t> bytes = packet.bytes;
    const auto &vlan = packet.meta.vlan;
    if (!vlan || packet.link != LinkType::ethernet || bytes.size() < macs_bytes)
        return bytes;
    const auto control =
        static_cast<uint16_t>(vlan->priority << 13 | (vlan->drop_eligible ? 0x1000 : 0) | vlan->id);
    const uint8_t tag[tag_bytes] = {
        static_cast<uint8_t>(vlan->tpid >> 8), static_cast<uint8_t>(vlan->tpid),
        static_cast<uint8_t>(control >> 8), static_cast<uint8_t>(control)};
    bytes.insert(bytes.begin() + macs_bytes, tag, tag + tag_bytes);
    return bytes;
}

}  // namespace whydrop
