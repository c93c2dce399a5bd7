// SPDX-License-Identifier: GPL-2.0-or-later
// Packs pages one by one, with the libraries that unpack.h names.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "kdump/format/dump.h"
#include "kdump/format/unpack.h"
#include "sys/result.h"

struct z_stream_s;
struct ZSTD_CCtx_s;

namespace whydrop::kdump {

class Packer {
  public:
    // One for each thread. Errors: failed, there is no memory; the library does not work.
    static Result<Packer> create(uint32_t flags);
    Packer(Packer &&) noexcept;
    Packer &operator=(Packer &&) noexcept;
    ~Packer();

    // Bytes that a page may take for the moment of packing.
    static constexpr size_t room_bytes = 2 * page_bytes;
    // Bytes of `room` that it took; 0: it would not shrink.
    size_t pack(std::span<const uint8_t> page, std::span<uint8_t> room);

  private:
    struct State;
    explicit Packer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop::kdump
