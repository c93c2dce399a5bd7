// SPDX-License-Identifier: GPL-2.0-or-later
// VXLAN (RFC 7348), Geneve (RFC 8926), GRE (RFC 2784, RFC 2890), IP in IP.
#include "decode/decoding.h"

namespace whydrop::decoding {
namespace {

constexpr uint16_t port_vxlan = 4789;
constexpr uint16_t port_vxlan_linux = 8472;  // the driver's default, older than the IANA number
constexpr uint16_t port_geneve = 6081;
constexpr size_t vxlan_bytes = 8;
constexpr size_t geneve_bytes = 8;
constexpr size_t gre_bytes = 4;

std::optional<Inner> inner_of(uint16_t ethertype) {
    if (ethertype == ethertype_teb)
        return Inner{.ethernet = true};
    if (ethertype == 0)
        return {};
    return Inner{.ethertype = ethertype};
}

std::string hex_byte(uint8_t byte) {
    constexpr char digits[] = "0123456789abcdef";
    return {'0', 'x', digits[byte >> 4], digits[byte & 15]};
}

std::optional<Inner> decode_vxlan(Decoding &state, uint16_t dport) {
    Cursor &cursor = state.cursor;
    const uint8_t flags = cursor.u8(0);
    const bool has_vni = cursor.readable() >= 1 && (flags & 0x08) != 0;
    // Nobody reserved this port for VXLAN: what does not look like it is something else.
    const bool maybe_other = dport == port_vxlan_linux;
    if (maybe_other && (cursor.left() < vxlan_bytes || (cursor.readable() >= 1 && !has_vni)))
        return {};
    if (!state.need(vxlan_bytes, "VXLAN header"))
        return {};
    if (!has_vni) {
        state.malformed("VXLAN flags " + hex_byte(flags) + ", without the one for a VNI");
        return {};
    }
    state.level().tunnel = {.kind = TunnelKind::vxlan, .id = cursor.be32(4) >> 8};
    cursor.skip(vxlan_bytes);
    return Inner{.ethernet = true};
}

std::optional<Inner> decode_geneve(Decoding &state) {
    if (!state.need(geneve_bytes, "Geneve header"))
        return {};
    Cursor &cursor = state.cursor;
    const int version = cursor.u8(0) >> 6;
    if (version != 0) {
        state.malformed("Geneve version " + std::to_string(version));
        return {};
    }
    state.level().tunnel = {.kind = TunnelKind::geneve, .id = cursor.be32(4) >> 8};
    const uint16_t ethertype = cursor.be16(2);
    const size_t bytes = geneve_bytes + size_t{4} * (cursor.u8(0) & 0x3f);
    if (!state.need(bytes, "Geneve options"))
        return {};
    cursor.skip(bytes);
    return inner_of(ethertype);
}

}  // namespace

std::optional<Inner> decode_udp_tunnel(Decoding &state, uint16_t dport) {
    if (dport == port_vxlan || dport == port_vxlan_linux)
        return decode_vxlan(state, dport);
    if (dport == port_geneve)
        return decode_geneve(state);
    return {};
}

std::optional<Inner> decode_gre(Decoding &state) {
    if (!state.need(gre_bytes, "GRE header"))
        return {};
    Cursor &cursor = state.cursor;
    const uint16_t flags = cursor.be16(0);
    const uint16_t ethertype = cursor.be16(2);
    const bool checksum = flags & 0x8000, routing = flags & 0x4000, key = flags & 0x2000,
               sequence = flags & 0x1000;
    const int version = flags & 7;
    if (version > 1) {
        state.malformed("GRE version " + std::to_string(version));
        return {};
    }
    Tunnel &tunnel = state.level().tunnel.emplace(Tunnel{.kind = TunnelKind::gre, .id = {}});
    // Version 1 is PPTP, which carries PPP; source routes were taken out by RFC 2784.
    if (version == 1 || routing)
        return {};
    const size_t key_at = gre_bytes + (checksum ? 4 : 0);
    const size_t bytes = key_at + (key ? 4 : 0) + (sequence ? 4 : 0);
    if (!state.need(bytes, "GRE header"))
        return {};
    if (key)
        tunnel.id = cursor.be32(key_at);
    cursor.skip(bytes);
    return inner_of(ethertype);
}

std::optional<Inner> decode_ip_in_ip(Decoding &state, uint8_t protocol) {
    TunnelKind kind = TunnelKind::ip6tnl;
    if (state.level().ipv4)
        kind = protocol == protocol_ipip ? TunnelKind::ipip : TunnelKind::sit;
    state.level().tunnel = {.kind = kind, .id = {}};
    return Inner{.ethertype = protocol == protocol_ipip ? ethertype_ipv4 : ethertype_ipv6};
}

}  // namespace whydrop::decoding
