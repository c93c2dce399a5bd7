// SPDX-License-Identifier: GPL-2.0-or-later
// Ethernet, VLAN tags, ARP.
#include "decode/decoding.h"

namespace whydrop::decoding {
namespace {

constexpr size_t ethernet_bytes = 14;
constexpr size_t tag_bytes = 4;
constexpr size_t max_tags = 16;
constexpr size_t arp_fixed_bytes = 8;
constexpr size_t arp_bytes = 28;

bool is_tag(uint16_t ethertype) {
    return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

uint16_t network_type(uint16_t ethertype) {
    return ethertype < ethertype_min ? ethertype_802_2 : ethertype;
}

IpAddress ipv4_at(const Cursor &cursor, size_t offset) {
    IpAddress address{.family = 4};
    const auto bytes = cursor.bytes<4>(offset);
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    return address;
}

}  // namespace

std::optional<uint16_t> decode_ethernet(Decoding &state) {
    if (!state.need(ethernet_bytes, "Ethernet header"))
        return {};
    Ethernet &ethernet = state.level().ethernet.emplace();
    ethernet.dst = state.cursor.bytes<6>(0);
    ethernet.src = state.cursor.bytes<6>(6);
    ethernet.ethertype = state.cursor.be16(12);
    state.cursor.skip(ethernet_bytes);
    return ethernet.ethertype;
}

std::optional<uint16_t> decode_tags(Decoding &state, uint16_t ethertype) {
    for (size_t tags = 0; is_tag(ethertype); tags++) {
        if (tags == max_tags) {
            state.malformed("more than " + std::to_string(max_tags) + " VLAN tags");
            return {};
        }
        if (!state.need(tag_bytes, "VLAN tag"))
            return {};
        const uint16_t control = state.cursor.be16(0);
        state.level().vlans.push_back({.tpid = ethertype,
                                       .id = static_cast<uint16_t>(control & 0xfff),
                                       .priority = static_cast<uint8_t>(control >> 13),
                                       .drop_eligible = (control & 0x1000) != 0});
        ethertype = state.cursor.be16(2);
        state.cursor.skip(tag_bytes);
    }
    return network_type(ethertype);
}

void decode_arp(Decoding &state) {
    if (!state.need(arp_fixed_bytes, "ARP header"))
        return;
    const Cursor &cursor = state.cursor;
    const bool ethernet_ipv4 = cursor.be16(0) == 1 && cursor.be16(2) == ethertype_ipv4;
    if (!ethernet_ipv4)
        return;
    if (cursor.u8(4) != 6 || cursor.u8(5) != 4) {
        state.malformed("ARP address lengths " + std::to_string(cursor.u8(4)) + " and " +
                        std::to_string(cursor.u8(5)) + ", not 6 and 4");
        return;
    }
    if (!state.need(arp_bytes, "ARP packet"))
        return;
    Arp &arp = state.level().arp.emplace();
    arp.operation = cursor.be16(6);
    arp.sender_mac = cursor.bytes<6>(8);
    arp.sender = ipv4_at(cursor, 14);
    arp.target_mac = cursor.bytes<6>(18);
    arp.target = ipv4_at(cursor, 24);
}

}  // namespace whydrop::decoding
