// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses as messages and reports write them.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>

namespace whydrop::kdump {

// "0xffffffff81000000"
inline std::string hex(uint64_t number) {
    char digits[16];
    const auto [end, err] = std::to_chars(digits, digits + sizeof digits, number, 16);
    return "0x" + std::string(digits, end);
}

}  // namespace whydrop::kdump
