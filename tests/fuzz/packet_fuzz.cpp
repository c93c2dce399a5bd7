// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever the bytes are: no read outside them, and four promises of decode_packet() hold.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "../unit/packet_agree.h"
#include "decode/packet.h"
#include "model/text.h"
#include "packet_input.h"

namespace {

using namespace whydrop;

void promise(bool kept, const std::string &what) {
    if (kept)
        return;
    std::fprintf(stderr, "broken promise: %s\n", what.c_str());
    std::abort();
}

bool same_flow(const std::optional<Flow> &part, const std::optional<Flow> &whole) {
    if (!part)
        return true;
    // The transport may be missing from the part: then it has no ports yet, nor a final protocol.
    return whole && part->src == whole->src && part->dst == whole->dst;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Packet packet = test::packet_from_fuzz({data, size});
    decode_packet(packet);
    promise(packet.levels.size() <= 8, "the depth is bounded");
    const std::string text = to_text(packet);
    promise(packet.link != LinkType::none || text.empty(), "no link type, nothing tried");
    innermost_flow(packet);

    Packet again = packet;
    decode_packet(again);
    promise(to_text(again) == text, "decoding again changes nothing");

    // The first half of what was copied, of a packet that is as long as before.
    Packet part = packet;
    if (part.wire_bytes == 0)
        return 0;
    part.bytes = {packet.bytes.begin(),
                  packet.bytes.begin() + static_cast<long>(packet.bytes.size() / 2)};
    // Without any byte, skb->protocol has the word, which may not be the right one.
    if (part.bytes.empty())
        return 0;
    decode_packet(part);
    const std::string field = test::disagreement(part, packet);
    promise(field.empty(), "a part agrees with the whole: " + field);
    promise(same_flow(outermost_flow(part), outermost_flow(packet)), "so does its flow");
    return 0;
}
