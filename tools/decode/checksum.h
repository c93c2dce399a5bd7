// SPDX-License-Identifier: GPL-2.0-or-later
// The Internet checksum (RFC 1071).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace whydrop {

// The sum of the 16-bit words in network order, not yet folded; an odd last byte counts as if a
// zero followed. Sums of parts add up when every part but the last has an even length.
uint64_t checksum_sum(std::span<const uint8_t> bytes);

// What belongs into the checksum field at offset `field` (even) of `covered`, where `sum` is what
// is summed besides (a pseudo header). Zero has two forms in this arithmetic: when the one that was
// found is as good as the one computed, the answer is the one found.
uint16_t right_checksum(std::span<const uint8_t> covered, size_t field, uint64_t sum = 0);

}  // namespace whydrop
