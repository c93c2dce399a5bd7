// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes -> Packet. Never reads past the bytes; whatever they hold, the answer is a Packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/packet.h"

namespace whydrop {

// Fills packet.levels, cut and malformed from packet.bytes, link, wire_bytes and meta.
void decode_packet(Packet &packet);

// The five-tuple of the innermost level that has addresses; absent when none has.
std::optional<Flow> innermost_flow(const Packet &packet);
// The same of the outermost level.
std::optional<Flow> outermost_flow(const Packet &packet);
// As the outermost level says, or else skb->protocol; 0: neither does.
uint16_t outermost_ethertype(const Packet &packet);

}  // namespace whydrop
