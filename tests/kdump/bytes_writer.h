// SPDX-License-Identifier: GPL-2.0-or-later
// Puts numbers and texts into bytes that grow as they must.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

namespace whydrop::test {

template <typename T>
void put(std::vector<uint8_t> &bytes, size_t at, const T &value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (bytes.size() < at + sizeof value)
        bytes.resize(at + sizeof value);
    std::memcpy(&bytes[at], &value, sizeof value);
}

inline void put_text(std::vector<uint8_t> &bytes, size_t at, std::string_view text) {
    if (bytes.size() < at + text.size())
        bytes.resize(at + text.size());
    std::copy(text.begin(), text.end(), bytes.begin() + static_cast<long>(at));
}

inline void append(std::vector<uint8_t> &bytes, const std::vector<uint8_t> &more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}

inline void append_big_endian(std::vector<uint8_t> &bytes, uint64_t number) {
    put(bytes, bytes.size(), __builtin_bswap64(number));
}

}  // namespace whydrop::test
