// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/packet.h"

#include <utility>

#include "decode/decoding.h"

namespace whydrop {
namespace decoding {

bool Decoding::need(size_t bytes, const char *what) {
    if (bytes <= cursor.readable())
        return true;
    // What the first fragment does not hold, the next one does.
    if (bytes > cursor.copied() || fragment)
        packet.cut = true;
    if (bytes > cursor.left() && !fragment)
        malformed(std::string(what) + " of " + std::to_string(bytes) + " bytes, " +
                  std::to_string(cursor.left()) + " left in the packet");
    return false;
}

void Decoding::malformed(std::string what) {
    if (packet.malformed.empty())
        packet.malformed = std::move(what);
}

namespace {

// Bytes that begin with a network header. skb->protocol may still be that of an outer header, or
// not be set yet: between the two versions of IP, the bytes know better.
uint16_t network_ethertype(const Packet &packet) {
    const uint16_t claimed = packet.meta.protocol;
    if (claimed != 0 && claimed != ethertype_ipv4 && claimed != ethertype_ipv6)
        return claimed;
    if (packet.bytes.empty())
        return claimed;
    const int version = packet.bytes[0] >> 4;
    if (version == 4)
        return ethertype_ipv4;
    return version == 6 ? ethertype_ipv6 : claimed;
}

std::optional<Inner> decode_network(Decoding &state) {
    std::optional<Payload> payload;
    switch (state.level().ethertype) {
        case ethertype_arp:
            decode_arp(state);
            return {};
        case ethertype_ipv4:
            payload = decode_ipv4(state);
            break;
        case ethertype_ipv6:
            payload = decode_ipv6(state);
            break;
        default:
            return {};
    }
    return payload ? decode_transport(state, *payload) : std::nullopt;
}

std::optional<Inner> decode_level(Decoding &state, const Inner &begin) {
    std::optional<uint16_t> ethertype = begin.ethertype;
    if (begin.ethernet)
        ethertype = decode_ethernet(state);
    if (ethertype && *ethertype != 0)
        ethertype = decode_tags(state, *ethertype);
    if (!ethertype)
        return {};
    state.level().ethertype = *ethertype;
    return decode_network(state);
}

bool is_blank(const PacketLevel &level) {
    return !level.ethernet && level.vlans.empty() && level.ethertype == 0;
}

template <class Iterator>
std::optional<Flow> first_flow(Iterator level, Iterator end) {
    for (; level != end; ++level) {
        if (auto flow = flow_of(*level))
            return flow;
    }
    return {};
}

}  // namespace
}  // namespace decoding

void decode_packet(Packet &packet) {
    using namespace decoding;
    packet.levels.clear();
    packet.cut = false;
    packet.malformed.clear();
    if (packet.link == LinkType::none)
        return;
    packet.cut = packet.bytes.empty() && packet.wire_bytes > 0;

    std::optional<Inner> next = Inner{.ethernet = packet.link == LinkType::ethernet};
    if (!next->ethernet)
        next->ethertype = network_ethertype(packet);
    Decoding state{.packet = packet, .cursor = Cursor(packet.bytes, packet.wire_bytes)};
    while (next) {
        if (packet.levels.size() == max_levels) {
            state.malformed("more than " + std::to_string(max_levels - 1) + " nested tunnels");
            return;
        }
        packet.levels.emplace_back();
        if (packet.levels.size() == 1 && packet.meta.vlan) {
            packet.levels[0].vlans.push_back(*packet.meta.vlan);
            packet.levels[0].vlans[0].in_metadata = true;
        }
        next = decode_level(state, *next);
        if (is_blank(packet.levels.back()))
            packet.levels.pop_back();
    }
}

std::optional<Flow> innermost_flow(const Packet &packet) {
    return decoding::first_flow(packet.levels.rbegin(), packet.levels.rend());
}

std::optional<Flow> outermost_flow(const Packet &packet) {
    return decoding::first_flow(packet.levels.begin(), packet.levels.end());
}

uint16_t outermost_ethertype(const Packet &packet) {
    const bool known = !packet.levels.empty() && packet.levels[0].ethertype;
    return known ? packet.levels[0].ethertype : packet.meta.protocol;
}

}  // namespace whydrop
