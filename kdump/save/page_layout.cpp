// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/save/page_layout.h"

#include "kdump/bytes.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t mapping_anon = 1;  // PAGE_MAPPING_ANON, later FOLIO_MAPPING_ANON
constexpr unsigned most_order = 20;

}  // namespace

std::string_view page_kind_name(PageKind kind) {
    constexpr std::array<std::string_view, page_kinds> names = {
        "kept", "cache", "cache_private", "user", "free", "offline", "hwpoison"};
    return names[static_cast<size_t>(kind)];
}

std::optional<uint64_t> PageLayout::head(std::span<const uint8_t> page, uint64_t address) const {
    const auto info = number_at<uint64_t>(page, fields_.compound_at);
    if (!(info & 1))
        return {};
    // A mask in 7.x, where struct page has a power of two bytes ("mm: rework compound_head()
    // for power-of-2 sizeof(struct page)"): no address of the map of pages is so high.
    constexpr uint64_t masks = 0xffffffff00000000;
    return info >= masks ? address & info : info - 1;
}

bool PageLayout::hwpoison(std::span<const uint8_t> page) const {
    return (number_at<uint64_t>(page, fields_.flags_at) & fields_.hwpoison) != 0;
}

std::optional<unsigned> PageLayout::free_order(std::span<const uint8_t> page) const {
    const auto order = number_at<uint64_t>(page, fields_.private_at);
    if (!fields_.buddy.is(number_at<uint32_t>(page, fields_.type_at)) || order > most_order ||
        number_at<uint64_t>(page, fields_.flags_at) & fields_.slab)
        return {};
    return static_cast<unsigned>(order);
}

// On a list for reclaim, or in the swap cache. That flag has other users, among pages that do not
// go to swap.
bool PageLayout::is_cache(uint64_t flags) const {
    return (flags & fields_.lru) != 0 || (flags & fields_.swapcache && flags & fields_.swapbacked);
}

bool PageLayout::is_huge(std::span<const uint8_t> page, uint32_t page_type) const {
    if (fields_.hugetlb.is(page_type))
        return true;
    if (!fields_.huge || !(number_at<uint64_t>(page, fields_.flags_at) & fields_.head))
        return false;
    return page.size() > fields_.huge->at && (number_at<uint64_t>(page, fields_.huge->at) &
                                              fields_.huge->mask) == fields_.huge->value;
}

PageKind PageLayout::kind(std::span<const uint8_t> page, uint32_t dump_level) const {
    const auto flags = number_at<uint64_t>(page, fields_.flags_at);
    const auto page_type = number_at<uint32_t>(page, fields_.type_at);
    const bool broken = hwpoison(page);
    // What else a slab or a page with a type keeps in these fields is nobody's mapping.
    const bool typed = static_cast<int32_t>(page_type) < -1 || flags & fields_.slab;
    const bool anonymous = !typed && number_at<uint64_t>(page, fields_.mapping_at) & mapping_anon;
    if (dump_level & level::free && free_order(page))
        return PageKind::free;
    if (!typed && is_cache(flags) && !anonymous) {
        if (dump_level & level::cache_private && flags & fields_.private_)
            return PageKind::cache_private;
        if (dump_level & (level::cache | level::cache_private) && !(flags & fields_.private_))
            return PageKind::cache;
    }
    if (dump_level & level::user && (anonymous || is_huge(page, page_type)))
        return PageKind::user;
    if (broken)
        return PageKind::hwpoison;
    if (dump_level & level::free && fields_.offline.is(page_type))
        return PageKind::offline;
    return PageKind::kept;
}

}  // namespace whydrop::kdump
