// SPDX-License-Identifier: GPL-2.0-or-later
// The words in which numbers of the model are written, one way for text and JSON alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/drop.h"

namespace whydrop {

std::string to_text(const MacAddress &mac);     // 52:54:00:12:34:56
std::string to_text(const IpAddress &address);  // 10.0.0.1, RFC 5952 for IPv6; "" for family 0
// 10.0.0.1:1234 > 10.0.0.2:80 tcp, [fe80::1]:53 > ..., without ports where both are 0; "?" for an
// address of family 0, "" when both are.
std::string to_text(const Flow &flow);
// ip_rcv_core+0x200 [module]; 0x... when nameless, "unknown" when there is no address either.
std::string to_text(const Symbol &symbol);
std::string to_text(TunnelKind kind);            // vxlan
std::string ethertype_name(uint16_t ethertype);  // ipv4, ipv6, arp, vlan, ..., 0x88cc
std::string ip_protocol_name(uint8_t protocol);  // tcp, udp, icmp, ..., 254

// The numbers of those names, for --proto, in any case; nothing: no such name or number. No name is
// in both tables. A number is hexadecimal (0x88cc) for an ethertype and decimal (47) for an IP
// protocol, so that it cannot be taken for the other kind.
std::optional<uint16_t> ethertype_number(const std::string &name);
std::optional<uint8_t> ip_protocol_number(const std::string &name);

// A packet on one line, the innermost last: "52:54:.. > 52:54:.. vlan 7 10.0.0.1:1 > 10.0.0.2:80
// tcp [S]"; behind a tunnel's ", vxlan 42: " the next level; at the end "[cut]" or what is wrong
// with the headers. "" when nothing was decoded.
std::string to_text(const Packet &packet);

std::string to_text(PacketType type);  // other_host

std::string group_key_name(GroupKey key);  // reason
std::optional<GroupKey> group_key_by_name(const std::string &name);
// What packets can be counted by after this event. Only a drop has a reason and a location.
GroupKeys group_keys_of(PacketEvent event);
std::string group_key_names(PacketEvent event);  // "reason, location, ..." for help and errors

}  // namespace whydrop
