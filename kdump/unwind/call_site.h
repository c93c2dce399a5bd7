// SPDX-License-Identifier: GPL-2.0-or-later
// Is there a call instruction before an address? What looks like a return address and has none
// before it is a leftover or a pointer.
#pragma once

#include <cstdint>

namespace whydrop::kdump {

class Reader;

struct CallSite {
    enum class Kind : uint8_t {
        none,
        direct,    // e8 and the distance to the target
        indirect,  // ff /2, by a register or memory
        unknown,   // the code is not in the dump
    };
    Kind kind = Kind::none;
    uint64_t target = 0;  // of a direct call

    [[nodiscard]] bool possible() const { return kind != Kind::none; }
};

// Reads the seven bytes before `address`.
CallSite call_before(const Reader &reader, uint64_t address);

}  // namespace whydrop::kdump
