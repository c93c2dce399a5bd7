// SPDX-License-Identifier: GPL-2.0-or-later
// TCP, UDP, ICMP, ICMPv6, SCTP.
#include "decode/checksum.h"
#include "decode/decoding.h"

namespace whydrop::decoding {
namespace {

constexpr size_t tcp_bytes = 20;
constexpr size_t udp_bytes = 8;
constexpr size_t icmp_fixed_bytes = 4;
constexpr size_t icmp_bytes = 8;
constexpr size_t sctp_bytes = 12;

// Whether a checksum over that many bytes from the cursor on says anything: they are all there, and
// the field has been filled in. With CHECKSUM_PARTIAL the device would have done that.
bool can_check(const Decoding &state, std::optional<size_t> bytes) {
    return bytes && *bytes <= state.cursor.readable() && !state.fragment &&
           state.packet.meta.checksum != ChecksumState::partial;
}

std::optional<uint64_t> pseudo_sum(const Payload &payload, size_t bytes) {
    if (!payload.sum)
        return {};
    return *payload.sum + payload.protocol + (bytes >> 16) + (bytes & 0xffff);
}

std::optional<uint16_t> right_tcp_checksum(const Decoding &state, const Payload &payload) {
    if (!can_check(state, payload.bytes) || *payload.bytes < tcp_bytes)
        return {};
    const auto sum = pseudo_sum(payload, *payload.bytes);
    if (!sum)
        return {};
    return right_checksum(state.cursor.ahead(*payload.bytes), 16, *sum);
}

void decode_tcp(Decoding &state, const Payload &payload) {
    if (!state.need(tcp_bytes, "TCP header"))
        return;
    const Cursor &cursor = state.cursor;
    Tcp &tcp = state.level().tcp.emplace();
    tcp.sport = cursor.be16(0);
    tcp.dport = cursor.be16(2);
    tcp.seq = cursor.be32(4);
    tcp.ack = cursor.be32(8);
    tcp.header_bytes = static_cast<uint8_t>((cursor.u8(12) >> 4) * 4);
    tcp.flags = cursor.u8(13);
    tcp.window = cursor.be16(14);
    tcp.checksum = cursor.be16(16);
    tcp.right_checksum = right_tcp_checksum(state, payload);
    if (tcp.header_bytes < tcp_bytes)
        state.malformed("TCP header length " + std::to_string(tcp.header_bytes) + ", below 20");
    else
        state.need(tcp.header_bytes, "TCP header");
}

void check_udp_length(Decoding &state, const Payload &payload, uint16_t length) {
    // 0 stands for "to the end" in jumbograms and in segments that are yet to be cut.
    if (length == 0 && !payload.bytes)
        return;
    if (length < udp_bytes)
        state.malformed("UDP length " + std::to_string(length) + ", below 8");
    else if (!state.fragment && payload.bytes && length > *payload.bytes)
        state.malformed("UDP length " + std::to_string(length) + ", but IP carries " +
                        std::to_string(*payload.bytes) + " bytes");
}

std::optional<uint16_t> right_udp_checksum(const Decoding &state, const Payload &payload,
                                           const Udp &udp) {
    const bool unused = udp.checksum == 0 && payload.version == 4;
    const auto sum = pseudo_sum(payload, udp.length_bytes);
    if (unused || !sum || udp.length_bytes < udp_bytes || !can_check(state, udp.length_bytes))
        return {};
    const uint16_t right = right_checksum(state.cursor.ahead(udp.length_bytes), 6, *sum);
    return right == 0 ? uint16_t{0xffff} : right;  // 0 would say "unused"
}

std::optional<Inner> decode_udp(Decoding &state, const Payload &payload) {
    if (!state.need(udp_bytes, "UDP header"))
        return {};
    Cursor &cursor = state.cursor;
    Udp &udp = state.level().udp.emplace();
    udp.sport = cursor.be16(0);
    udp.dport = cursor.be16(2);
    udp.length_bytes = cursor.be16(4);
    udp.checksum = cursor.be16(6);
    check_udp_length(state, payload, udp.length_bytes);
    udp.right_checksum = right_udp_checksum(state, payload, udp);
    cursor.skip(udp_bytes);
    if (udp.length_bytes >= udp_bytes)
        cursor.limit(udp.length_bytes - udp_bytes);
    return decode_udp_tunnel(state, udp.dport);
}

bool is_echo(uint8_t protocol, uint8_t type) {
    return protocol == protocol_icmp ? type == 0 || type == 8 : type == 128 || type == 129;
}

std::optional<uint16_t> right_icmp_checksum(const Decoding &state, const Payload &payload) {
    const bool over_its_ip = payload.version == (payload.protocol == protocol_icmp ? 4 : 6);
    if (!over_its_ip || !can_check(state, payload.bytes))
        return {};
    const auto sum =
        payload.version == 4 ? std::optional<uint64_t>(0) : pseudo_sum(payload, *payload.bytes);
    if (!sum)
        return {};
    return right_checksum(state.cursor.ahead(*payload.bytes), 2, *sum);
}

std::optional<Icmp> icmp_at_cursor(Decoding &state, const Payload &payload) {
    if (!state.need(icmp_fixed_bytes, "ICMP header"))
        return {};
    const Cursor &cursor = state.cursor;
    Icmp icmp;
    icmp.type = cursor.u8(0);
    icmp.code = cursor.u8(1);
    icmp.checksum = cursor.be16(2);
    icmp.right_checksum = right_icmp_checksum(state, payload);
    if (state.need(icmp_bytes, "ICMP header") && is_echo(payload.protocol, icmp.type)) {
        icmp.echo_id = cursor.be16(4);
        icmp.echo_seq = cursor.be16(6);
    }
    return icmp;
}

void decode_sctp(Decoding &state) {
    if (!state.need(sctp_bytes, "SCTP header"))
        return;
    Sctp &sctp = state.level().sctp.emplace();
    sctp.sport = state.cursor.be16(0);
    sctp.dport = state.cursor.be16(2);
    sctp.verification_tag = state.cursor.be32(4);
}

}  // namespace

std::optional<Inner> decode_transport(Decoding &state, const Payload &payload) {
    switch (payload.protocol) {
        case protocol_tcp:
            decode_tcp(state, payload);
            return {};
        case protocol_udp:
            return decode_udp(state, payload);
        case protocol_icmp:
            state.level().icmp = icmp_at_cursor(state, payload);
            return {};
        case protocol_icmpv6:
            state.level().icmpv6 = icmp_at_cursor(state, payload);
            return {};
        case protocol_sctp:
            decode_sctp(state);
            return {};
        case protocol_gre:
            return decode_gre(state);
        case protocol_ipip:
        case protocol_ipv6:
            return decode_ip_in_ip(state, payload.protocol);
        default:
            return {};
    }
}

}  // namespace whydrop::decoding
