// SPDX-License-Identifier: GPL-2.0-or-later
// What this kernel's struct page looks like, and what a page is by it. BTF says it, where debuginfo
// is what other tools take.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kdump/kernel.h"
#include "sys/result.h"

namespace whydrop::kdump {

// The bits of a dump level, which have makedumpfile's numbers. Pages of zeros have no kind: who
// reads them sees it.
namespace level {
constexpr uint32_t zero = 1, cache = 2, cache_private = 4, user = 8, free = 16, all = 31;
}

enum class PageKind : uint8_t {
    kept,           // the kernel's own, or not known
    cache,          // level 2: of a file, without private data of its filesystem
    cache_private,  // level 4: of a file, whichever
    user,           // level 8: of programs, and huge pages
    free,           // level 16
    offline,        // level 16: given back to the hypervisor
    hwpoison,       // broken memory: any level above 1
};
constexpr size_t page_kinds = 7;
std::string_view page_kind_name(PageKind kind);  // "cache_private"
using PageCounts = std::array<uint64_t, page_kinds>;

// Where this kernel has what, in struct page.
struct PageFields {
    // A number that page_type has, of pages that nobody maps.
    struct Type {
        uint32_t value = 0, mask = 0;  // mask 0: this kernel has none
        [[nodiscard]] bool is(uint32_t page_type) const {
            return mask != 0 && (page_type & mask) == value;
        }
    };
    // Bits of what lies behind a head's struct page.
    struct Mark {
        uint64_t at = 0, mask = 0, value = 0;
    };

    uint64_t map = 0;  // address of the struct page of page 0: all of them are one array
    uint64_t struct_bytes = 0;
    uint64_t flags_at = 0, mapping_at = 0, private_at = 0, type_at = 0, compound_at = 0;
    // Masks; 0: this kernel has no such flag.
    uint64_t lru = 0, private_ = 0, swapcache = 0, swapbacked = 0, slab = 0, hwpoison = 0,
             reserved = 0, head = 0;
    Type buddy, offline, hugetlb;
    std::optional<Mark> huge;  // of kernels where it is no type
};

// Errors: failed, naming what this kernel does not say.
Result<PageFields> page_fields(Kernel &kernel);

class PageLayout {
  public:
    explicit PageLayout(const PageFields &fields) : fields_(fields) {}

    [[nodiscard]] uint64_t struct_bytes() const { return fields_.struct_bytes; }
    [[nodiscard]] uint64_t address_of(uint64_t pfn) const {
        return fields_.map + pfn * fields_.struct_bytes;
    }

    // What a dump level above 1 says of a page that is no tail. `page`: its struct page, and of
    // one that begins several (a head) also the next.
    [[nodiscard]] PageKind kind(std::span<const uint8_t> page, uint32_t dump_level) const;
    // The address of the head's struct page, of a page that is a part of several.
    [[nodiscard]] std::optional<uint64_t> head(std::span<const uint8_t> page,
                                               uint64_t address) const;
    [[nodiscard]] bool hwpoison(std::span<const uint8_t> page) const;
    // Of a free page: it and those behind it are 2^order.
    [[nodiscard]] std::optional<unsigned> free_order(std::span<const uint8_t> page) const;

  private:
    [[nodiscard]] bool is_huge(std::span<const uint8_t> page, uint32_t page_type) const;
    [[nodiscard]] bool is_cache(uint64_t flags) const;

    PageFields fields_;
};

}  // namespace whydrop::kdump
