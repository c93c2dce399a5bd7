// SPDX-License-Identifier: GPL-2.0-or-later
// Intel SDM volume 3, "Paging"; Documentation/arch/x86/x86_64/mm.rst.
#include <array>
#include <string>

#include "kdump/hex.h"
#include "kdump/paging/paging.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t kernel_map = 0xffffffff80000000;  // __START_KERNEL_map
constexpr uint64_t address_bits = 0x000ffffffffff000;
constexpr uint64_t present = 1, large = 0x80;
// A range that is made unreadable stays in the tables: _PAGE_PROTNONE. What it holds is there.
constexpr uint64_t protnone = 0x100;
constexpr unsigned page_shift = 12, bits_per_level = 9, large_levels = 3;

class X86_64 : public Paging {
  public:
    X86_64(Dump &dump, uint64_t root, unsigned levels, uint64_t sme_mask)
        : dump_(dump), root_(root), levels_(levels), mask_(address_bits & ~sme_mask) {}

    Result<uint64_t> physical(uint64_t address) override {
        const uint64_t page = address >> page_shift;
        Known &known = known_[page % known_.size()];
        if (known.page == page)
            return known.physical | (address & (page_bytes - 1));
        auto walked = walk(address);
        if (walked)
            known = {page, *walked & ~uint64_t{page_bytes - 1}};
        return walked;
    }

  private:
    struct Known {
        uint64_t page = UINT64_MAX, physical = 0;
    };

    Result<uint64_t> walk(uint64_t address) {
        uint64_t table = root_;
        for (unsigned level = levels_; level-- > 0;) {
            const unsigned shift = page_shift + bits_per_level * level;
            const uint64_t at = table + ((address >> shift) & 511) * sizeof(uint64_t);
            uint64_t entry = 0;
            if (auto read = dump_.read(at, {reinterpret_cast<uint8_t *>(&entry), sizeof entry});
                !read)
                return Error{Errc::failed,
                             "the page tables for " + hex(address) + ": " + read.error().what, ""};
            if (!(entry & (present | protnone)))
                return Error{Errc::failed, "address " + hex(address) + " is not mapped", ""};
            if (level == 0 || (level < large_levels && entry & large)) {
                const uint64_t offset = (uint64_t{1} << shift) - 1;
                return (entry & mask_ & ~offset) | (address & offset);
            }
            table = entry & mask_;
        }
        return Error{Errc::failed, "address " + hex(address) + " is not mapped", ""};
    }

    Dump &dump_;
    uint64_t root_;
    unsigned levels_;
    uint64_t mask_;
    std::array<Known, 2048> known_;
};

}  // namespace

Result<std::unique_ptr<Paging>> page_x86_64(Dump &dump, const VmcoreInfo &info) {
    const auto root = info.symbol("swapper_pg_dir");
    const auto phys_base = info.number("phys_base");
    if (!root || !phys_base)
        return Error{Errc::failed,
                     "VMCOREINFO has no " + std::string(root ? "phys_base" : "swapper_pg_dir") +
                         ": the page tables cannot be found",
                     ""};
    const bool five = info.number("pgtable_l5_enabled").value_or(0) != 0;
    const auto sme_mask = static_cast<uint64_t>(info.number("sme_mask").value_or(0));
    const uint64_t physical = *root - kernel_map + static_cast<uint64_t>(*phys_base);
    return std::unique_ptr<Paging>(
        std::make_unique<X86_64>(dump, physical, five ? 5 : 4, sme_mask));
}

}  // namespace whydrop::kdump
