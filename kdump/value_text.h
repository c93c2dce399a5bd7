// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes as their type says to read them: {events = 11, ifname = "eth0"}.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kdump/btf.h"

namespace whydrop::kdump {

// Of any bytes: what they do not hold is "?". Nested up to 16 levels; the first 64 elements of an
// array, 4096 values in all, "..." for the others; fields that are zero are left out of structures.
std::string value_text(const Btf &btf, uint32_t type, std::span<const uint8_t> bytes);

// Without a type: pairs of hexadecimal digits, the first 64 bytes.
std::string bytes_text(std::span<const uint8_t> bytes);

}  // namespace whydrop::kdump
