// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses as messages and reports write them, and bytes as build ids are.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace whydrop::kdump {

// "0xffffffff81000000"
inline std::string hex(uint64_t number) {
    char digits[16];
    const auto [end, err] = std::to_chars(digits, digits + sizeof digits, number, 16);
    return "0x" + std::string(digits, end);
}

// Of such a text, with or without 0x; absent for anything else.
inline std::optional<uint64_t> number_of_hex(std::string_view text) {
    if (text.starts_with("0x"))
        text.remove_prefix(2);
    uint64_t number = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (err != std::errc() || end != text.data() + text.size() || text.empty())
        return {};
    return number;
}

// "0a1b", two digits for each byte.
inline std::string hex_digits(std::span<const uint8_t> bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes)
        text += {digits[byte >> 4], digits[byte & 15]};
    return text;
}

}  // namespace whydrop::kdump
