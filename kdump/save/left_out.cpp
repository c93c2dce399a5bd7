// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/save/left_out.h"

#include <algorithm>
#include <vector>

namespace whydrop::kdump {

namespace {

constexpr uint64_t block_pages = 64;  // looked at together: a page of struct pages

class Walk {
  public:
    Walk(const Reader &memory, const std::function<bool(uint64_t)> &is_mapped,
         const PageLayout &layout, uint32_t dump_level, uint64_t least_run, PageSet &pages)
        : memory_(memory),
          is_mapped_(is_mapped),
          layout_(layout),
          level_(dump_level),
          least_run_(least_run),
          pages_(pages),
          block_(block_pages * layout.struct_bytes()) {}

    LeftOut run() {
        for (uint64_t pfn = pages_.next(0); pfn < pages_.limit(); pfn = pages_.next(pfn)) {
            const uint64_t begin = pfn / block_pages * block_pages;
            const uint64_t end = std::min(begin + block_pages, pages_.limit());
            if (memory_.read(layout_.address_of(begin), block_))
                look_at(begin, end);
            else
                look_one_by_one(begin, end);
            pfn = end;
        }
        end_run();
        return found_;
    }

  private:
    using Bytes = std::span<const uint8_t>;

    void look_at(uint64_t begin, uint64_t end) {
        for (uint64_t pfn = begin; pfn < end; pfn++)
            if (pages_.has(pfn))
                add(pfn,
                    kind_of(pfn, Bytes(block_).subspan((pfn - begin) * layout_.struct_bytes())));
    }

    // Where the block as a whole cannot be read: the end of a map of pages that do not fill it.
    void look_one_by_one(uint64_t begin, uint64_t end) {
        std::vector<uint8_t> page(layout_.struct_bytes());
        for (uint64_t pfn = begin; pfn < end; pfn++) {
            if (!pages_.has(pfn))
                continue;
            const uint64_t address = layout_.address_of(pfn);
            if (memory_.read(address, page)) {
                add(pfn, kind_of(pfn, page));
            } else {
                // What is not mapped is no memory of this kernel's: a ROM.
                found_.unknown += is_mapped_(address);
                add(pfn, PageKind::kept);
            }
        }
    }

    PageKind kind_of(uint64_t pfn, Bytes page) {
        if (pfn < free_end_)
            return PageKind::free;
        if (const auto head = layout_.head(page, layout_.address_of(pfn))) {
            const PageKind kind = kind_of_head(*head);
            return kind == PageKind::kept && layout_.hwpoison(page) ? PageKind::hwpoison : kind;
        }
        const PageKind kind = layout_.kind(page, level_);
        if (kind == PageKind::free)
            return begin_free(pfn, *layout_.free_order(page));
        head_ = layout_.address_of(pfn);
        head_kind_ = kind;
        return kind;
    }

    // A block begins where it is aligned: another one is a page that only looks free.
    PageKind begin_free(uint64_t pfn, unsigned order) {
        const uint64_t count = uint64_t{1} << order;
        if (pfn % count != 0)
            return PageKind::kept;
        free_end_ = pfn + count;
        return PageKind::free;
    }

    // Mostly it is the last one that was met.
    PageKind kind_of_head(uint64_t address) {
        if (address == head_)
            return head_kind_;
        head_ = address;
        std::vector<uint8_t> page(2 * layout_.struct_bytes());
        head_kind_ = memory_.read(address, page) ? layout_.kind(page, level_) : PageKind::kept;
        if (head_kind_ == PageKind::free)
            head_kind_ = PageKind::kept;  // no page is free and has parts
        return head_kind_;
    }

    void add(uint64_t pfn, PageKind kind) {
        if (pfn != run_end_ || kind == PageKind::kept)
            end_run();
        if (kind == PageKind::kept)
            return;
        if (run_begin_ == run_end_)
            run_begin_ = pfn;
        run_end_ = pfn + 1;
        run_[static_cast<size_t>(kind)]++;
        pages_.remove(pfn);
    }

    void end_run() {
        if (run_end_ - run_begin_ < least_run_)
            pages_.add_pages(run_begin_, run_end_);
        else
            for (size_t i = 0; i < run_.size(); i++)
                found_.pages[i] += run_[i];
        run_ = {};
        run_begin_ = run_end_ = 0;
    }

    const Reader &memory_;
    const std::function<bool(uint64_t)> &is_mapped_;
    const PageLayout &layout_;
    uint32_t level_;
    uint64_t least_run_;
    PageSet &pages_;
    std::vector<uint8_t> block_;
    LeftOut found_;
    uint64_t free_end_ = 0;  // of the free block that was met last
    uint64_t head_ = 0;      // of the page that was looked at last
    PageKind head_kind_ = PageKind::kept;
    uint64_t run_begin_ = 0, run_end_ = 0;  // of pages that are left out
    PageCounts run_{};
};

}  // namespace

LeftOut leave_out(const Reader &memory, const std::function<bool(uint64_t)> &is_mapped,
                  const PageLayout &layout, uint32_t dump_level, uint64_t least_run,
                  PageSet &pages) {
    return Walk(memory, is_mapped, layout, dump_level, least_run, pages).run();
}

Result<LeftOut> leave_out(Kernel &kernel, uint32_t dump_level, uint64_t least_run, PageSet &pages) {
    const auto fields = page_fields(kernel);
    if (!fields)
        return fields.error();
    const Memory &memory = kernel.memory();
    return leave_out(
        memory, [&](uint64_t address) { return memory.physical(address).ok(); },
        PageLayout(*fields), dump_level, least_run, pages);
}

}  // namespace whydrop::kdump
