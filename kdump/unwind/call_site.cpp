// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/unwind/call_site.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include "kdump/memory.h"

namespace whydrop::kdump {

namespace {

constexpr uint8_t call_relative = 0xe8, call_group = 0xff;
constexpr size_t relative_bytes = 5;
constexpr size_t longest = 7;  // ff, ModRM, SIB, four bytes of displacement; prefixes do not count

// Bytes that a ModRM byte takes with what belongs to it (Intel SDM volume 2, tables 2-2 and 2-3);
// 0 where it does not say "call".
size_t operand_bytes(std::span<const uint8_t> modrm) {
    const unsigned mode = modrm[0] >> 6, operation = modrm[0] >> 3 & 7, rm = modrm[0] & 7;
    if (operation != 2)
        return 0;
    if (mode == 3)
        return 1;
    size_t bytes = 1;
    const bool has_sib = rm == 4;
    bool wide = mode == 2 || (mode == 0 && rm == 5);
    if (has_sib) {
        bytes++;
        wide = wide || (mode == 0 && modrm.size() > 1 && (modrm[1] & 7) == 5);
    }
    return bytes + (wide ? 4 : 0) + (mode == 1 ? 1 : 0);
}

}  // namespace

CallSite call_before(const Reader &reader, uint64_t address) {
    std::array<uint8_t, longest> code;
    if (auto done = reader.read(address - longest, code); !done)
        return {CallSite::Kind::unknown};
    const size_t direct = longest - relative_bytes;
    if (code[direct] == call_relative) {
        int32_t distance;
        std::memcpy(&distance, &code[direct + 1], sizeof distance);
        return {CallSite::Kind::direct, address + static_cast<uint64_t>(int64_t{distance})};
    }
    for (size_t at = 0; at + 2 <= longest; at++)
        if (code[at] == call_group &&
            operand_bytes(std::span(code).subspan(at + 1)) == longest - at - 1)
            return {CallSite::Kind::indirect};
    return {};
}

}  // namespace whydrop::kdump
