// SPDX-License-Identifier: GPL-2.0-or-later
// A packet as the fuzzer writes it: eight bytes of what the skb says beside the bytes, then the
// bytes. Shared with the tests that make the seeds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "model/packet.h"

namespace whydrop::test {

// byte 0     link type, modulo 3
// byte 1     bits 0-1 checksum state, bit 2 tag in metadata, bit 3 gso, bit 4 wire length unknown
// bytes 2-3  skb->protocol
// bytes 4-5  bytes on the wire that were not copied
// bytes 6-7  tag control of the tag in metadata
inline constexpr size_t fuzz_header_bytes = 8;

inline Packet packet_from_fuzz(std::span<const uint8_t> input) {
    std::vector<uint8_t> head(fuzz_header_bytes, 0);
    const size_t have = std::min(input.size(), fuzz_header_bytes);
    std::copy_n(input.begin(), have, head.begin());
    const auto be16 = [&head](size_t at) {
        return static_cast<uint16_t>(head[at] << 8 | head[at + 1]);
    };
    Packet packet;
    packet.bytes.assign(input.begin() + static_cast<long>(have), input.end());
    packet.link = static_cast<LinkType>(head[0] % 3);
    packet.meta.checksum = static_cast<ChecksumState>(head[1] & 3);
    packet.meta.gso_size = (head[1] & 8) != 0 ? 1448 : 0;
    packet.meta.protocol = be16(2);
    if ((head[1] & 4) != 0)
        packet.meta.vlan = Vlan{.tpid = 0x8100,
                                .id = static_cast<uint16_t>(be16(6) & 0xfff),
                                .priority = static_cast<uint8_t>(be16(6) >> 13)};
    if ((head[1] & 16) == 0)
        packet.wire_bytes = static_cast<uint32_t>(packet.bytes.size() + be16(4));
    return packet;
}

inline std::vector<uint8_t> fuzz_from_packet(const Packet &packet) {
    const auto high = [](size_t number) { return static_cast<uint8_t>(number >> 8); };
    const auto low = [](size_t number) { return static_cast<uint8_t>(number); };
    const size_t uncopied = packet.wire_bytes - packet.bytes.size();
    const Vlan tag = packet.meta.vlan.value_or(Vlan{});
    const auto control = static_cast<uint16_t>(tag.priority << 13 | tag.id);
    const int bits = static_cast<int>(packet.meta.checksum) | (packet.meta.vlan ? 4 : 0) |
                     (packet.meta.gso_size != 0 ? 8 : 0);
    std::vector<uint8_t> input = {static_cast<uint8_t>(packet.link),
                                  low(static_cast<size_t>(bits)),
                                  high(packet.meta.protocol),
                                  low(packet.meta.protocol),
                                  high(uncopied),
                                  low(uncopied),
                                  high(control),
                                  low(control)};
    input.insert(input.end(), packet.bytes.begin(), packet.bytes.end());
    return input;
}

}  // namespace whydrop::test
