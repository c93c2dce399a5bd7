// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/checksum.h"

#include "decode/cursor.h"

namespace whydrop {

uint64_t checksum_sum(std::span<const uint8_t> bytes) {
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes.size(); i++)
        sum += i % 2 == 0 ? static_cast<uint64_t>(bytes[i]) << 8 : bytes[i];
    return sum;
}

uint16_t right_checksum(std::span<const uint8_t> covered, size_t field, uint64_t sum) {
    if (covered.size() < field + 2)
        return 0;
    sum += checksum_sum(covered.first(field)) + checksum_sum(covered.subspan(field + 2));
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    const auto right = static_cast<uint16_t>(~sum & 0xffff);
    const uint16_t found = Cursor(covered, covered.size()).be16(field);
    const bool both_zero = (right == 0 || right == 0xffff) && (found == 0 || found == 0xffff);
    return both_zero ? found : right;
}

}  // namespace whydrop
