// SPDX-License-Identifier: GPL-2.0-or-later
// Unpacks pages, by whichever library they were packed with.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sys/result.h"

struct libdeflate_decompressor;
struct ZSTD_DCtx_s;

namespace whydrop::kdump {

// Of a page descriptor's flags, those that say how it is packed (makedumpfile's diskdump_mod.h);
// one at most is set.
namespace packing {
constexpr uint32_t none = 0, zlib = 1, lzo = 2, snappy = 4, zstd = 0x20;
}

// "zlib"; empty: not packed, or not known.
std::string packing_name(uint32_t flags);

// The libraries' states are made at the first page that needs them, and used for all.
class Unpacker {
  public:
    Unpacker();
    Unpacker(const Unpacker &) = delete;
    Unpacker &operator=(const Unpacker &) = delete;
    ~Unpacker();

    // Fills the page, exactly. Errors: failed, with the reason alone: "its zlib data is damaged or
    // cut", "it has 17 bytes", "packing 0x40 is not known".
    Status unpack(uint32_t flags, std::span<const uint8_t> packed, std::span<uint8_t> page);

  private:
    Status inflate_page(std::span<const uint8_t> packed, std::span<uint8_t> page);
    Status unpack_zstd(std::span<const uint8_t> packed, std::span<uint8_t> page);

    libdeflate_decompressor *deflate_ = nullptr;
    ZSTD_DCtx_s *zstd_ = nullptr;
};

}  // namespace whydrop::kdump
