// SPDX-License-Identifier: GPL-2.0-or-later
// The steps of decode_packet(), one file per layer. Inside tools/decode only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "decode/cursor.h"
#include "model/packet.h"

namespace whydrop::decoding {

// IEEE 802 numbers, include/uapi/linux/if_ether.h
inline constexpr uint16_t ethertype_802_2 = 0x0004;  // the kernel's own, for frames with a length
inline constexpr uint16_t ethertype_min = 0x0600;    // below it the field is a length
inline constexpr uint16_t ethertype_ipv4 = 0x0800;
inline constexpr uint16_t ethertype_arp = 0x0806;
inline constexpr uint16_t ethertype_teb = 0x6558;  // an Ethernet frame inside a tunnel
inline constexpr uint16_t ethertype_ipv6 = 0x86dd;

// IANA protocol numbers
inline constexpr uint8_t protocol_icmp = 1;
inline constexpr uint8_t protocol_ipip = 4;
inline constexpr uint8_t protocol_tcp = 6;
inline constexpr uint8_t protocol_udp = 17;
inline constexpr uint8_t protocol_ipv6 = 41;
inline constexpr uint8_t protocol_gre = 47;
inline constexpr uint8_t protocol_ah = 51;
inline constexpr uint8_t protocol_icmpv6 = 58;
inline constexpr uint8_t protocol_none = 59;
inline constexpr uint8_t protocol_sctp = 132;

// Tunnels in tunnels, as deep as the kernel itself goes (XMIT_RECURSION_LIMIT).
inline constexpr size_t max_levels = 8;

// What one step works on.
struct Decoding {
    Packet &packet;
    Cursor cursor;
    bool fragment = false;  // in the first of several

    PacketLevel &level() { return packet.levels.back(); }

    // True when that many bytes can be read; else says in the packet why they cannot.
    bool need(size_t bytes, const char *what);
    // The first fault found is the one that is told.
    void malformed(std::string what);
};

// What a network header says about what it carries.
struct Payload {
    uint8_t protocol = 0;
    std::optional<size_t> bytes{};  // as claimed; absent: the header does not tell (BIG TCP)
    std::optional<uint64_t> sum{};  // of the addresses as the sender summed them; absent: unknown
    std::optional<uint8_t> version{};  // 4 or 6

    // Pulled off the front of the payload: a header of this length.
    void shorten(size_t header_bytes) {
        if (bytes)
            bytes = *bytes - std::min(*bytes, header_bytes);
    }
};

// What begins behind a tunnel header; absent where a step ends the packet.
struct Inner {
    bool ethernet = false;
    uint16_t ethertype = 0;  // when it is not Ethernet
};

// Each step reads its header at the cursor, stores it in the level and moves the cursor behind it.
// Nothing returned: the packet is done, or cannot be followed further.

// The ethertype in the frame, before tags are peeled off.
std::optional<uint16_t> decode_ethernet(Decoding &state);
// The ethertype behind the tags.
std::optional<uint16_t> decode_tags(Decoding &state, uint16_t ethertype);
void decode_arp(Decoding &state);

std::optional<Payload> decode_ipv4(Decoding &state);
std::optional<Payload> decode_ipv6(Decoding &state);
// AH (RFC 4302) stands between the network and what it protects, readable.
bool skip_authentication(Decoding &state, Payload &payload);

std::optional<Inner> decode_transport(Decoding &state, const Payload &payload);

// At the first byte behind a UDP header.
std::optional<Inner> decode_udp_tunnel(Decoding &state, uint16_t dport);
std::optional<Inner> decode_gre(Decoding &state);
// IP directly in IP: protocol is 4 or 41.
std::optional<Inner> decode_ip_in_ip(Decoding &state, uint8_t protocol);

}  // namespace whydrop::decoding
