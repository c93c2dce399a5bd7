// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers and sums out of headers that nobody vouches for. The dead machine is little-endian, as
// the one that reads it.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace whydrop::kdump {

static_assert(std::endian::native == std::endian::little);

// Does [offset, offset + length) lie in `whole` bytes? For any numbers.
constexpr bool within(uint64_t offset, uint64_t length, uint64_t whole) {
    return offset <= whole && length <= whole - offset;
}

// Absent: more than 64 bits.
constexpr std::optional<uint64_t> sum(uint64_t a, uint64_t b) {
    if (b > UINT64_MAX - a)
        return {};
    return a + b;
}

constexpr uint64_t rounded_up(uint64_t number, uint64_t to) {
    return (number + to - 1) / to * to;
}

// The number at an offset; 0 where the bytes end before it does.
template <std::integral T>
T number_at(std::span<const uint8_t> bytes, size_t at) {
    T value{};
    if (within(at, sizeof value, bytes.size()))
        std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

// The same of one in network order.
inline uint64_t big_endian64_at(std::span<const uint8_t> bytes, size_t at) {
    return __builtin_bswap64(number_at<uint64_t>(bytes, at));
}

// A C structure as bytes to read into.
template <typename T>
std::span<uint8_t> bytes_of(T &object) {
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<uint8_t *>(&object), sizeof object};
}

}  // namespace whydrop::kdump
