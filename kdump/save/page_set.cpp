// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/save/page_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace whydrop::kdump {

// Of zeros that the system gives when they are touched: memory has large gaps.
Result<PageSet> PageSet::create(uint64_t limit) {
    PageSet set;
    set.limit_ = limit;
    set.words_.reset(
        static_cast<uint64_t *>(std::calloc(std::max<uint64_t>(set.words(), 1), sizeof(uint64_t))));
    if (!set.words_)
        return Error{Errc::failed,
                     "there is no memory for a bitmap of " + std::to_string(limit) + " pages", ""};
    return set;
}

Result<PageSet> PageSet::copy() const {
    auto set = create(limit_);
    if (set)
        std::copy_n(words_.get(), words(), set->words_.get());
    return set;
}

void PageSet::add_pages(uint64_t begin, uint64_t end) {
    end = std::min(end, limit_);
    for (uint64_t page = begin; page < end;) {
        if (page % word_bits == 0 && end - page >= word_bits) {
            words_[page / word_bits] = UINT64_MAX;
            page += word_bits;
        } else {
            add(page++);
        }
    }
}

uint64_t PageSet::find(uint64_t page, uint64_t flip) const {
    if (page >= limit_)
        return limit_;
    uint64_t bits = (words_[page / word_bits] ^ flip) & UINT64_MAX << page % word_bits;
    for (uint64_t i = page / word_bits;;) {
        if (bits != 0)
            return std::min(limit_, i * word_bits + static_cast<uint64_t>(std::countr_zero(bits)));
        if (++i == words())
            return limit_;
        bits = words_[i] ^ flip;
    }
}

uint64_t PageSet::next(uint64_t page) const {
    return find(page, 0);
}

uint64_t PageSet::next_missing(uint64_t page) const {
    return find(page, UINT64_MAX);
}

uint64_t PageSet::count() const {
    uint64_t pages = 0;
    for (uint64_t i = 0; i < words(); i++)
        pages += static_cast<uint64_t>(std::popcount(words_[i]));
    return pages;
}

}  // namespace whydrop::kdump
