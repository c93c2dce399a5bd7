// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/text.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace whydrop {
namespace {

constexpr GroupKey all_group_keys[] = {GroupKey::reason, GroupKey::location, GroupKey::dev,
                                       GroupKey::netns,  GroupKey::proto,    GroupKey::flow,
                                       GroupKey::src,    GroupKey::dst,      GroupKey::stack,
                                       GroupKey::comm,   GroupKey::pkt_type};

std::string hex(uint64_t number) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
    return "0x" + std::string(digits.begin(), end);
}

std::string endpoint(const IpAddress &address, uint16_t port, bool with_port) {
    std::string text = address.family == 0 ? "?" : to_text(address);
    if (!with_port)
        return text;
    return (address.family == 6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

}  // namespace

std::string to_text(const MacAddress &mac) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : mac) {
        if (!text.empty())
            text += ':';
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string to_text(const IpAddress &address) {
    if (address.family != 4 && address.family != 6)
        return "";
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(address.family == 4 ? AF_INET : AF_INET6, address.bytes.data(), text.data(),
              text.size());
    return text.data();
}

std::string to_text(const Flow &flow) {
    if (flow.src.family == 0 && flow.dst.family == 0)
        return "";
    const bool ports = flow.sport != 0 || flow.dport != 0;
    return endpoint(flow.src, flow.sport, ports) + " > " + endpoint(flow.dst, flow.dport, ports) +
           " " + ip_protocol_name(flow.protocol);
}

std::string to_text(const Symbol &symbol) {
    if (symbol.name.empty())
        return symbol.address == 0 ? "unknown" : hex(symbol.address);
    std::string text = symbol.name + "+" + hex(symbol.offset);
    if (!symbol.module.empty())
        text += " [" + symbol.module + "]";
    return text;
}

std::string to_text(TunnelKind kind) {
    switch (kind) {
        case TunnelKind::vxlan:
            return "vxlan";
        case TunnelKind::geneve:
            return "geneve";
        case TunnelKind::gre:
            return "gre";
        case TunnelKind::ipip:
            return "ipip";
        case TunnelKind::sit:
            return "sit";
        case TunnelKind::ip6tnl:
            return "ip6tnl";
    }
    return "tunnel";
}

std::string to_text(PacketType type) {
    switch (type) {
        case PacketType::host:
            return "host";
        case PacketType::broadcast:
            return "broadcast";
        case PacketType::multicast:
            return "multicast";
        case PacketType::other_host:
            return "other_host";
        case PacketType::outgoing:
            return "outgoing";
        case PacketType::loopback:
            return "loopback";
        case PacketType::user:
            return "user";
        case PacketType::kernel:
            return "kernel";
    }
    return "";
}

std::string group_key_name(GroupKey key) {
    switch (key) {
        case GroupKey::reason:
            return "reason";
        case GroupKey::location:
            return "location";
        case GroupKey::dev:
            return "dev";
        case GroupKey::netns:
            return "netns";
        case GroupKey::proto:
            return "proto";
        case GroupKey::flow:
            return "flow";
        case GroupKey::src:
            return "src";
        case GroupKey::dst:
            return "dst";
        case GroupKey::stack:
            return "stack";
        case GroupKey::comm:
            return "comm";
        case GroupKey::pkt_type:
            return "pkt_type";
    }
    return "";
}

std::optional<GroupKey> group_key_by_name(const std::string &name) {
    for (const GroupKey key : all_group_keys) {
        if (group_key_name(key) == name)
            return key;
    }
    return {};
}

GroupKeys group_keys_of(PacketEvent event) {
    GroupKeys keys = 0;
    for (const GroupKey key : all_group_keys)
        keys |= static_cast<GroupKeys>(key);
    if (event == PacketEvent::receive)
        keys &= ~(static_cast<GroupKeys>(GroupKey::reason) |
                  static_cast<GroupKeys>(GroupKey::location));
    return keys;
}

std::string group_key_names(PacketEvent event) {
    const GroupKeys keys = group_keys_of(event);
    std::string names;
    for (const GroupKey key : all_group_keys)
        if (has(keys, key))
            names += (names.empty() ? "" : ", ") + group_key_name(key);
    return names;
}

}  // namespace whydrop
