// SPDX-License-Identifier: GPL-2.0-or-later
// A set of pages by their numbers, as the bitmaps of a kdump-compressed dump have it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "kdump/format/dump.h"
#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop::kdump {

class PageSet {
  public:
    // Empty; for numbers below the limit. Errors: failed, there is no memory for it.
    static Result<PageSet> create(uint64_t limit);
    [[nodiscard]] Result<PageSet> copy() const;

    [[nodiscard]] uint64_t limit() const { return limit_; }
    [[nodiscard]] bool has(uint64_t page) const {
        return page < limit_ && (words_[page / word_bits] >> page % word_bits & 1) != 0;
    }
    // The page is below the limit.
    void add(uint64_t page) { words_[page / word_bits] |= uint64_t{1} << page % word_bits; }
    void remove(uint64_t page) { words_[page / word_bits] &= ~(uint64_t{1} << page % word_bits); }
    // Pages [begin, end), as far as they are below the limit.
    void add_pages(uint64_t begin, uint64_t end);
    // The first of them from here on, or the limit.
    [[nodiscard]] uint64_t next(uint64_t page) const;
    // The first from here on that is not among them, or the limit.
    [[nodiscard]] uint64_t next_missing(uint64_t page) const;
    [[nodiscard]] uint64_t count() const;
    // Bit 0 of byte 0 is page 0.
    [[nodiscard]] std::span<const uint8_t> bytes() const {
        return {reinterpret_cast<const uint8_t *>(words_.get()), (limit_ + 7) / 8};
    }

  private:
    static constexpr uint64_t word_bits = 64;

    PageSet() = default;
    [[nodiscard]] uint64_t words() const { return (limit_ + word_bits - 1) / word_bits; }
    [[nodiscard]] uint64_t find(uint64_t page, uint64_t flip) const;

    uint64_t limit_ = 0;
    std::unique_ptr<uint64_t[], Releaser<&std::free>> words_;
};

}  // namespace whydrop::kdump
