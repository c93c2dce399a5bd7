// SPDX-License-Identifier: GPL-2.0-or-later
// The attributes of a message of netlink(7), bounds-checked: what is cut or too long is not there.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace whydrop {

using Bytes = std::span<const uint8_t>;

// A number of this width at an offset, as the kernel of this machine stores it.
template <typename Number>
std::optional<Number> number_at(Bytes bytes, size_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(Number))
        return {};
    Number number;
    std::memcpy(&number, bytes.data() + offset, sizeof number);
    return number;
}

// Without the bits that say "nested" and "big endian".
using Attribute = std::pair<uint16_t, Bytes>;
std::vector<Attribute> attributes_of(Bytes bytes);

// Empty: there is none of this type. The first, where there are several.
Bytes find_attribute(const std::vector<Attribute> &attributes, uint16_t type);
// Deeper and deeper.
Bytes find_attribute(Bytes bytes, std::initializer_list<uint16_t> path);

// Up to its end or the first zero byte.
std::string text_of(Bytes bytes);

}  // namespace whydrop
