// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/page_bitmap.h"

#include <algorithm>
#include <bit>
#include <new>
#include <string>

#include "kdump/bytes.h"
#include "kdump/format/formats.h"

namespace whydrop::kdump {

namespace {

// The file may be sparse and claim anything: memory is asked for, not taken for granted.
template <typename T>
Result<std::unique_ptr<T[]>> room_for(uint64_t count) {
    std::unique_ptr<T[]> room(new (std::nothrow) T[count]);
    if (!room)
        return Error{Errc::failed,
                     "there is no memory for " + std::to_string(count * sizeof(T)) +
                         " bytes of its bitmap of pages",
                     ""};
    return room;
}

}  // namespace

Result<PageBitmap> PageBitmap::open(Source &source, Extent where, uint64_t limit) {
    PageBitmap bitmap;
    where.bytes = std::min(where.bytes, (limit + 7) / 8);
    bitmap.limit_ = std::min(limit, where.bytes * 8);
    if (auto filled = bitmap.fill(source, where); !filled)
        return filled.error();
    if (auto made = bitmap.make_index(); !made)
        return made.error();
    return bitmap;
}

Status PageBitmap::fill(Source &source, Extent where) {
    const uint64_t size = source.size_bytes();
    if (!within(where.offset, where.bytes, size) || where.bytes > source.file_bytes())
        return Error{Errc::failed, "its bitmap of pages is cut: " + file_ends(size).what, ""};
    bits_ = source.view(where.offset, where.bytes);
    if (!bits_.empty())
        return success();
    auto room = room_for<uint8_t>(where.bytes);
    if (!room)
        return room.error();
    copy_ = std::move(*room);
    const std::span<uint8_t> bits(copy_.get(), where.bytes);
    bits_ = bits;
    return source.read(where.offset, bits);
}

Status PageBitmap::make_index() {
    auto room = room_for<uint64_t>(words() / block_words + 1);
    if (!room)
        return room.error();
    index_ = std::move(*room);
    uint64_t set = 0;
    index_[0] = 0;
    for (uint64_t i = 0; i < words(); i++) {
        if (i % block_words == 0)
            index_[i / block_words] = set;
        set += static_cast<uint64_t>(std::popcount(word(i)));
    }
    if (words() % block_words == 0)
        index_[words() / block_words] = set;
    return success();
}

// May have bits behind the limit, which nobody asks for.
uint64_t PageBitmap::word(uint64_t index) const {
    const size_t at = index * sizeof(uint64_t);
    uint64_t bits = 0;
    std::memcpy(&bits, bits_.data() + at, std::min(bits_.size() - at, sizeof bits));
    return bits;
}

uint64_t PageBitmap::below(uint64_t page) const {
    const uint64_t last = page / word_bits;
    const uint64_t block = last / block_words;
    uint64_t set = index_[block];
    for (uint64_t i = block * block_words; i < last; i++)
        set += static_cast<uint64_t>(std::popcount(word(i)));
    if (page % word_bits != 0) {
        const uint64_t before = (uint64_t{1} << page % word_bits) - 1;
        set += static_cast<uint64_t>(std::popcount(word(last) & before));
    }
    return set;
}

uint64_t PageBitmap::next(uint64_t page, bool set) const {
    for (uint64_t i = page / word_bits; i < words(); i++) {
        uint64_t bits = set ? word(i) : ~word(i);
        if (i == page / word_bits)
            bits &= ~uint64_t{0} << page % word_bits;
        if (bits != 0)
            return std::min(limit_, i * word_bits + static_cast<uint64_t>(std::countr_zero(bits)));
    }
    return limit_;
}

}  // namespace whydrop::kdump
