// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_names.h"

#include <charconv>

namespace whydrop {

namespace {

std::string hex(uint64_t number) {
    constexpr int base = 16;
    char digits[base];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
    return "0x" + std::string(digits, end);
}

}  // namespace

std::string symbol_text(const EventNames::Function &function, uint64_t address, bool with_offset) {
    if (function.name.empty())
        return hex(address);
    std::string text = function.name;
    if (with_offset)
        text += "+" + hex(function.offset) + "/" + hex(function.size);
    if (!function.module.empty())
        text += " [" + function.module + "]";
    return text;
}

}  // namespace whydrop
