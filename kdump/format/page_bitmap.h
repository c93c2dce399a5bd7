// SPDX-License-Identifier: GPL-2.0-or-later
// A bit for each page, and how many are set before it: which descriptor is a page's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kdump/format/kdump_header.h"
#include "kdump/format/source.h"

namespace whydrop::kdump {

class PageBitmap {
  public:
    // The bits below `limit`. They stay where they are when the file is mapped, and the source must
    // outlive them. An eighth of them is taken for the index. Errors: failed, where the file ends
    // before.
    static Result<PageBitmap> open(Source &source, Extent where, uint64_t limit);

    [[nodiscard]] bool has(uint64_t page) const {
        return page < limit_ && (bits_[page / 8] >> page % 8 & 1) != 0;
    }
    // Of the pages below this one, how many are set; `page` is not above the limit.
    [[nodiscard]] uint64_t below(uint64_t page) const;
    // The first page from here on whose bit is so, or the limit.
    [[nodiscard]] uint64_t next(uint64_t page, bool set) const;

  private:
    static constexpr uint64_t word_bits = 64;
    static constexpr uint64_t block_words = 8;  // per entry of the index

    PageBitmap() = default;
    Status fill(Source &source, Extent where);
    Status make_index();
    [[nodiscard]] uint64_t word(uint64_t index) const;
    [[nodiscard]] uint64_t words() const { return (limit_ + word_bits - 1) / word_bits; }

    uint64_t limit_ = 0;
    std::span<const uint8_t> bits_;
    std::unique_ptr<uint8_t[]> copy_;    // of the bits, when they could not stay
    std::unique_ptr<uint64_t[]> index_;  // bits set before each block
};

}  // namespace whydrop::kdump
