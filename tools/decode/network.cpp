// SPDX-License-Identifier: GPL-2.0-or-later
// IPv4 with options (RFC 791), IPv6 with extension headers (RFC 8200), AH (RFC 4302).
#include <algorithm>

#include "decode/checksum.h"
#include "decode/decoding.h"

namespace whydrop::decoding {
namespace {

constexpr size_t ipv4_bytes = 20;
constexpr size_t ipv6_bytes = 40;
constexpr size_t max_extensions = 32;

constexpr uint8_t hop_by_hop = 0, routing = 43, fragment = 44, destination = 60, mobility = 135;

IpAddress address_at(const Cursor &cursor, size_t offset, uint8_t family) {
    IpAddress address{.family = family};
    for (size_t i = 0; i < (family == 4 ? 4u : 16u); i++)
        address.bytes[i] = cursor.u8(offset + i);
    return address;
}

bool right_version(Decoding &state, uint8_t version) {
    const int found = state.cursor.u8(0) >> 4;
    if (found != version)
        state.malformed("IPv" + std::to_string(version) + " header with version " +
                        std::to_string(found));
    return found == version;
}

Ipv4 ipv4_at_cursor(const Cursor &cursor) {
    const uint16_t fragment_field = cursor.be16(6);
    Ipv4 ip;
    ip.header_bytes = static_cast<uint8_t>((cursor.u8(0) & 0xf) * 4);
    ip.tos = cursor.u8(1);
    ip.total_bytes = cursor.be16(2);
    ip.id = cursor.be16(4);
    ip.dont_fragment = (fragment_field & 0x4000) != 0;
    ip.more_fragments = (fragment_field & 0x2000) != 0;
    ip.fragment_offset = static_cast<uint16_t>((fragment_field & 0x1fff) * 8);
    ip.ttl = cursor.u8(8);
    ip.protocol = cursor.u8(9);
    ip.checksum = cursor.be16(10);
    ip.src = address_at(cursor, 12, 4);
    ip.dst = address_at(cursor, 16, 4);
    return ip;
}

// The cursor stands on the first option and ends with the header.
void decode_ipv4_options(Decoding &state, Cursor options, std::vector<uint8_t> &types) {
    while (options.readable() > 0) {
        const uint8_t type = options.u8(0);
        if (type == 0)
            return;
        if (type == 1) {
            options.skip(1);
            continue;
        }
        types.push_back(type);
        if (options.left() >= 2 && options.readable() < 2)
            return;
        const size_t bytes = options.u8(1);
        if (bytes < 2 || bytes > options.left()) {
            state.malformed("IPv4 option " + std::to_string(type) + " length " +
                            std::to_string(bytes));
            return;
        }
        if (!options.skip(bytes))
            return;
    }
}

// With a source route, the destination in the header is only the next hop: what the sender put
// into the pseudo header is elsewhere.
bool has_source_route(const Ipv4 &ip) {
    return std::ranges::any_of(ip.options, [](uint8_t type) { return type == 131 || type == 137; });
}

// The claim of the header, where it can be true.
std::optional<size_t> ipv4_payload_bytes(Decoding &state, const Ipv4 &ip) {
    if (ip.total_bytes >= ip.header_bytes) {
        state.cursor.limit(ip.total_bytes);
        return ip.total_bytes - ip.header_bytes;
    }
    // BIG TCP (kernel commit b1a78b9b9886) writes 0 into segments that are yet to be cut.
    if (ip.total_bytes != 0 || state.packet.meta.gso_size == 0)
        state.malformed("IPv4 total length " + std::to_string(ip.total_bytes) +
                        ", below the header's " + std::to_string(ip.header_bytes));
    return {};
}

size_t extension_bytes(uint8_t type, uint8_t length) {
    if (type == fragment)
        return 8;
    return type == protocol_ah ? (length + 2u) * 4 : (length + 1u) * 8;
}

bool is_extension(uint8_t type) {
    return type == hop_by_hop || type == routing || type == fragment || type == destination ||
           type == mobility || type == protocol_ah;
}

// Where a routing header still has segments to visit, the sender summed the last of them. Answers
// the sum of that address; nothing when the type of header is not known.
std::optional<uint64_t> final_destination_sum(std::span<const uint8_t> header) {
    constexpr size_t fixed = 8, address = 16;
    if (header.size() < fixed + address)
        return {};
    const uint8_t type = header[2];
    if (type == 4)  // RFC 8754: the list is in reverse order
        return checksum_sum(header.subspan(fixed, address));
    if (type == 0 || type == 2)  // RFC 5095, RFC 6275
        return checksum_sum(header.last(address));
    return {};
}

// One extension header at the cursor. False: its payload cannot be followed.
bool decode_extension(Decoding &state, Ipv6 &ip, Payload &payload) {
    const uint8_t type = payload.protocol;
    if (ip.extensions.size() == max_extensions) {
        state.malformed("more than " + std::to_string(max_extensions) + " IPv6 extension headers");
        return false;
    }
    if (type == hop_by_hop && !ip.extensions.empty())
        state.malformed("IPv6 hop-by-hop options behind another extension header");
    if (!state.need(8, "IPv6 extension header"))
        return false;
    Cursor &cursor = state.cursor;
    const size_t bytes = extension_bytes(type, cursor.u8(1));
    if (!state.need(bytes, "IPv6 extension header"))
        return false;
    if (type == routing && cursor.u8(3) > 0 && payload.sum) {
        const auto last = final_destination_sum(cursor.ahead(bytes));
        payload.sum =
            last ? std::optional(checksum_sum(std::span(ip.src.bytes)) + *last) : std::nullopt;
    }
    if (type == fragment) {
        ip.fragment_offset = cursor.be16(2) & 0xfff8;
        ip.more_fragments = (cursor.be16(2) & 1) != 0;
        state.fragment |= ip.more_fragments;
    }
    ip.extensions.push_back(type);
    payload.protocol = cursor.u8(0);
    payload.shorten(bytes);
    cursor.skip(bytes);
    return ip.fragment_offset == 0;
}

}  // namespace

bool skip_authentication(Decoding &state, Payload &payload) {
    if (!state.need(8, "AH header"))
        return false;
    const size_t bytes = extension_bytes(protocol_ah, state.cursor.u8(1));
    if (!state.need(bytes, "AH header"))
        return false;
    payload.protocol = state.cursor.u8(0);
    payload.shorten(bytes);
    return state.cursor.skip(bytes);
}

std::optional<Payload> decode_ipv4(Decoding &state) {
    if (!state.need(ipv4_bytes, "IPv4 header") || !right_version(state, 4))
        return {};
    Cursor &cursor = state.cursor;
    Ipv4 &ip = state.level().ipv4.emplace(ipv4_at_cursor(cursor));
    state.level().protocol = ip.protocol;
    if (ip.header_bytes < ipv4_bytes) {
        state.malformed("IPv4 header length " + std::to_string(ip.header_bytes) + ", below 20");
        return {};
    }
    Payload payload{.protocol = ip.protocol, .version = 4};
    payload.bytes = ipv4_payload_bytes(state, ip);

    const auto header = cursor.ahead(ip.header_bytes);
    decode_ipv4_options(state,
                        Cursor(header.subspan(ipv4_bytes), size_t{ip.header_bytes} - ipv4_bytes),
                        ip.options);
    if (!state.need(ip.header_bytes, "IPv4 header"))
        return {};
    ip.right_checksum = right_checksum(header, 10);
    if (!has_source_route(ip))
        payload.sum = checksum_sum(header.subspan(12, 8));
    cursor.skip(ip.header_bytes);
    state.fragment |= ip.more_fragments;
    if (ip.fragment_offset != 0)
        return {};
    if (payload.protocol == protocol_ah && !skip_authentication(state, payload))
        return {};
    state.level().protocol = payload.protocol;
    return payload;
}

std::optional<Payload> decode_ipv6(Decoding &state) {
    if (!state.need(ipv6_bytes, "IPv6 header") || !right_version(state, 6))
        return {};
    Cursor &cursor = state.cursor;
    Ipv6 &ip = state.level().ipv6.emplace();
    const uint32_t first = cursor.be32(0);
    ip.traffic_class = static_cast<uint8_t>(first >> 20);
    ip.flow_label = first & 0xfffff;
    ip.payload_bytes = cursor.be16(4);
    ip.hop_limit = cursor.u8(7);
    ip.src = address_at(cursor, 8, 6);
    ip.dst = address_at(cursor, 24, 6);

    Payload payload{.protocol = cursor.u8(6), .version = 6};
    payload.sum = checksum_sum(cursor.ahead(ipv6_bytes).subspan(8));
    cursor.skip(ipv6_bytes);
    // 0 is also how a jumbogram (RFC 2675, and BIG TCP) says that its length is elsewhere.
    const bool jumbo = ip.payload_bytes == 0 &&
                       (payload.protocol == hop_by_hop || state.packet.meta.gso_size != 0);
    if (!jumbo) {
        payload.bytes = ip.payload_bytes;
        cursor.limit(ip.payload_bytes);
    }
    bool readable = true;
    while (readable && is_extension(payload.protocol))
        readable = decode_extension(state, ip, payload);
    ip.protocol = state.level().protocol = payload.protocol;
    return readable ? std::optional(payload) : std::nullopt;
}

}  // namespace whydrop::decoding
