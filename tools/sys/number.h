// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers as users and kernels write them.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace whydrop {

// All of the text as one number, without prefix or '+'; nothing where there is more in it, or less,
// or more than a Number holds.
template <typename Number>
std::optional<Number> whole_number(std::string_view text, int base = 10) {
    Number number{};
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace whydrop
