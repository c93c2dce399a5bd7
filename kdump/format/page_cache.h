// SPDX-License-Identifier: GPL-2.0-or-later
// The pages that were unpacked last: 8 MiB of them, or all that there are. A page may lie in one of
// eight slots, which its number says, and takes the place of the one there that was not asked for
// the longest.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace whydrop::kdump {

class PageCache {
  public:
    PageCache(uint32_t slot_bytes, uint64_t pages)
        : slot_bytes_(slot_bytes),
          sets_(std::clamp<uint64_t>(pages / ways, 1, cache_bytes / slot_bytes / ways)),
          bytes_(std::make_unique_for_overwrite<uint8_t[]>(sets_.size() * ways * slot_bytes)) {}

    // Of that page; empty: it is not here.
    [[nodiscard]] std::span<const uint8_t> find(uint64_t page) {
        Set &set = set_of(page);
        for (size_t way = 0; way < ways; way++)
            if (set.pages[way] == page) {
                set.used[way] = ++clock_;
                return slot(set, way);
            }
        return {};
    }

    // Where a page can be unpacked to; keep() then makes it found.
    [[nodiscard]] std::span<uint8_t> room_for(uint64_t page) {
        Set &set = set_of(page);
        const size_t way = oldest(set);
        set.pages[way] = none;
        set.used[way] = 0;
        return slot(set, way);
    }
    void keep(uint64_t page) {
        Set &set = set_of(page);
        const size_t way = oldest(set);
        set.pages[way] = page;
        set.used[way] = ++clock_;
    }

  private:
    static constexpr size_t cache_bytes = 8 << 20;
    static constexpr size_t ways = 8;
    static constexpr uint64_t none = UINT64_MAX;

    struct Set {
        Set() { pages.fill(none); }
        std::array<uint64_t, ways> pages;
        std::array<uint64_t, ways> used{};  // clock_ of the last time; 0: free
    };

    // Neighbours, which are often asked for together, are in different sets.
    [[nodiscard]] Set &set_of(uint64_t page) { return sets_[page % sets_.size()]; }
    [[nodiscard]] static size_t oldest(const Set &set) {
        return static_cast<size_t>(std::min_element(set.used.begin(), set.used.end()) -
                                   set.used.begin());
    }
    [[nodiscard]] std::span<uint8_t> slot(const Set &set, size_t way) {
        const auto index = static_cast<size_t>(&set - sets_.data()) * ways + way;
        return {bytes_.get() + index * slot_bytes_, slot_bytes_};
    }

    uint32_t slot_bytes_;
    std::vector<Set> sets_;
    std::unique_ptr<uint8_t[]> bytes_;
    uint64_t clock_ = 0;
};

}  // namespace whydrop::kdump
