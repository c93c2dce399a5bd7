// SPDX-License-Identifier: GPL-2.0-or-later
// The one way in which packet bytes are read. It keeps two ends apart: where the copy stops, and
// where the packet itself stops, as the wire or a header already read has it. A header that misses
// the first was cut by whoever copied; one that misses the second was never whole.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace whydrop {

class Cursor {
  public:
    // packet_bytes counts from the same start as copied; 0: the packet's length is not known.
    Cursor(std::span<const uint8_t> copied, size_t packet_bytes)
        : copied_(copied),
          end_(packet_bytes == 0 ? SIZE_MAX : std::max(packet_bytes, copied.size())) {}

    // Bytes of the packet from here on, copied or not.
    size_t left() const { return end_ - at_; }
    // Those of them that can be read.
    size_t readable() const { return std::min(end_, copied_.size()) - at_; }
    // Bytes of the copy from here on, also those that lie behind the end of the packet.
    size_t copied() const { return copied_.size() - at_; }

    // The packet ends at most this many bytes from here.
    void limit(size_t bytes) {
        if (bytes < left())
            end_ = at_ + bytes;
    }
    // False, and nothing moves, when that would leave what can be read.
    bool skip(size_t bytes) {
        if (bytes > readable())
            return false;
        at_ += bytes;
        return true;
    }
    // Up to that many bytes from here.
    std::span<const uint8_t> ahead(size_t bytes) const {
        return copied_.subspan(at_, std::min(bytes, readable()));
    }

    // Numbers in network order at an offset from here; 0 where nothing can be read.
    uint8_t u8(size_t offset) const {
        return offset < readable() ? copied_[at_ + offset] : uint8_t{0};
    }
    uint16_t be16(size_t offset) const {
        return static_cast<uint16_t>(u8(offset) << 8 | u8(offset + 1));
    }
    uint32_t be32(size_t offset) const {
        return static_cast<uint32_t>(be16(offset)) << 16 | be16(offset + 2);
    }
    template <size_t N>
    std::array<uint8_t, N> bytes(size_t offset) const {
        std::array<uint8_t, N> found{};
        for (size_t i = 0; i < N; i++)
            found[i] = u8(offset + i);
        return found;
    }

  private:
    std::span<const uint8_t> copied_;
    size_t at_ = 0;   // never behind the end of the copy, nor behind end_
    size_t end_ = 0;  // of the packet
};

}  // namespace whydrop
