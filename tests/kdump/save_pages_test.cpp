// SPDX-License-Identifier: GPL-2.0-or-later
// Which pages a dump level leaves out, with struct pages made up in the layouts of three kernels.
#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "kdump/save/left_out.h"

namespace whydrop {
namespace {

using namespace kdump;

constexpr uint64_t kMap = 0xffffea0000000000;
enum Flag : uint64_t {
    lru = 16,
    private_ = 1 << 13,
    swapcache = 1 << 10,
    swapbacked = 1 << 19,
    slab = 1 << 9,
    head = 1 << 16,
    hwpoison = 1 << 23
};

enum class Kernel { v5_10, v6_12, v7 };

PageFields fields(Kernel kernel) {
    PageFields fields;
    fields.map = kMap;
    fields.struct_bytes = 64;
    fields.compound_at = 8;
    fields.mapping_at = 24;
    fields.private_at = 40;
    fields.type_at = 48;
    fields.lru = lru;
    fields.private_ = private_;
    fields.swapcache = swapcache;
    fields.swapbacked = swapbacked;
    fields.head = head;
    fields.hwpoison = hwpoison;
    if (kernel == Kernel::v5_10) {
        fields.slab = slab;
        fields.buddy = {~0x80U, UINT32_MAX};
        fields.offline = {~0x100U, UINT32_MAX};
        fields.huge = PageFields::Mark{64 + 16, 0xff, 2};
    } else {
        fields.buddy = {0xf0000000, 0xff000000};
        fields.offline = {0xf1000000, 0xff000000};
        fields.hugetlb = {0xf4000000, 0xff000000};
    }
    return fields;
}

struct Page {
    uint64_t flags = 0, compound = 0, mapping = 0, private_number = 0;
    uint32_t type = UINT32_MAX;
    uint64_t second = 0;  // what lies behind `compound`
};

// Of pages 0, 1, ... as far as there are; others are not in the dump.
class Map : public Reader {
  public:
    explicit Map(std::map<uint64_t, Page> pages) : pages_(std::move(pages)) {}
    Status read(uint64_t address, std::span<uint8_t> to) const override {
        for (; !to.empty(); to = to.subspan(64), address += 64) {
            const auto found = pages_.find((address - kMap) / 64);
            if (found == pages_.end())
                return Error{Errc::failed, "not in the dump", ""};
            const Page &page = found->second;
            std::memcpy(&to[0], &page.flags, 8);
            std::memcpy(&to[8], &page.compound, 8);
            std::memcpy(&to[16], &page.second, 8);
            std::memcpy(&to[24], &page.mapping, 8);
            std::memcpy(&to[40], &page.private_number, 8);
            std::memcpy(&to[48], &page.type, 4);
        }
        return success();
    }

  private:
    std::map<uint64_t, Page> pages_;
};

// What is left of that many pages.
struct Outcome {
    std::string kept;  // a digit for each page: 1, it stays
    LeftOut left;
};
Outcome leave(Kernel kernel, const std::map<uint64_t, Page> &pages, uint32_t dump_level,
              uint64_t count, uint64_t least_run = 1) {
    auto set = PageSet::create(count);
    set->add_pages(0, count);
    Outcome outcome;
    outcome.left = leave_out(
        Map(pages), [](uint64_t) { return true; }, PageLayout(fields(kernel)), dump_level,
        least_run, *set);
    for (uint64_t pfn = 0; pfn < count; pfn++)
        outcome.kept += set->has(pfn) ? '1' : '0';
    return outcome;
}

uint64_t of(const Outcome &outcome, PageKind kind) {
    return outcome.left.pages[static_cast<size_t>(kind)];
}

struct Row {
    const char *sentence;
    Kernel kernel;
    Page page;
    uint32_t levels;  // of the bits 2 to 16, those that leave it out
};
const Row kRows[] = {
    {"the kernel's own", Kernel::v5_10, {}, 0},
    {"of a file", Kernel::v5_10, {lru, 0, 0x1000}, 2 | 4},
    {"of a file, with buffers", Kernel::v5_10, {lru | private_, 0, 0x1000}, 4},
    {"of a program", Kernel::v5_10, {lru | swapbacked, 0, 0x1001}, 8},
    {"of a program, in no list", Kernel::v5_10, {0, 0, 0x1001}, 8},
    {"merged by KSM", Kernel::v5_10, {lru, 0, 0x1003}, 8},
    {"of a driver that moves it", Kernel::v5_10, {0, 0, 0x1002}, 0},
    {"in the swap cache", Kernel::v5_10, {swapcache | swapbacked, 0, 0x1000}, 2 | 4},
    {"a flag that has other users", Kernel::v5_10, {swapcache, 0, 0x1000}, 0},
    {"free", Kernel::v5_10, {0, 0, 0, 0, ~0x80U}, 16},
    {"given back", Kernel::v5_10, {0, 0, 0, 0, ~0x100U}, 16},
    {"page tables", Kernel::v5_10, {0, 0, 1, 0, ~0x200U}, 0},
    {"a slab, whose fields mean something else", Kernel::v5_10, {slab | lru, 0, 0x1001}, 0},
    {"broken memory", Kernel::v5_10, {hwpoison}, 2 | 4 | 8 | 16},
    {"free, by type", Kernel::v6_12, {0, 0, 0, 0, 0xf0000000}, 16},
    {"given back, by type", Kernel::v6_12, {0, 0, 0, 0, 0xf1000000}, 16},
    {"a huge page", Kernel::v6_12, {head, 0, 0x1000, 0, 0xf4000000}, 8},
    {"a slab, by type", Kernel::v6_12, {0, 0, 0x1001, 0, 0xf5000000}, 0},
    {"a type that is not known yet", Kernel::v7, {lru, 0, 0x1001, 0, 0xf9000000}, 0},
    {"of a program", Kernel::v7, {lru, 0, 0x1001}, 8},
};

TEST(LeftOut, APageByItsKind) {
    for (const Row &row : kRows)
        for (const uint32_t bit : {2, 4, 8, 16}) {
            const auto outcome = leave(row.kernel, {{0, row.page}}, bit, 1);
            EXPECT_EQ(outcome.kept, row.levels & bit ? "0" : "1") << row.sentence << ", " << bit;
        }
}

TEST(LeftOut, AFreeBlockIsAsLongAsItSays) {
    std::map<uint64_t, Page> pages;
    for (uint64_t pfn = 0; pfn < 12; pfn++)
        pages[pfn] = {};
    pages[4] = {0, 0, 0, 2, ~0x80U};
    pages[9] = {0, 0, 0, 1, ~0x80U};  // not aligned: it only looks so
    const auto outcome = leave(Kernel::v5_10, pages, 31, 12);
    EXPECT_EQ(outcome.kept, "111100001111");
    EXPECT_EQ(of(outcome, PageKind::free), 4U);
}

TEST(LeftOut, TailsAreWhatTheirHeadIs) {
    for (const Kernel kernel : {Kernel::v5_10, Kernel::v7}) {
        std::map<uint64_t, Page> pages;
        for (uint64_t pfn = 0; pfn < 13; pfn++)
            pages[pfn] = {};
        const auto tails = [&](uint64_t first, uint64_t count) {
            for (uint64_t pfn = first + 1; pfn < first + count; pfn++) {
                const uint64_t address = kMap + first * 64 + 1;
                const uint64_t mask = ~(count * 64 - 1) | 1;
                pages[pfn] = {0, kernel == Kernel::v7 ? mask : address, 0x1001};
            }
        };
        pages[4] = {head | lru, 0, 0x1001};
        tails(4, 4);
        pages[8] = {head, 0, 0};  // the kernel's; what its tails have there is nobody's mapping
        tails(8, 4);
        const auto outcome = leave(kernel, pages, 31, 13);
        EXPECT_EQ(outcome.kept, "1111000011111");
        EXPECT_EQ(of(outcome, PageKind::user), 4U);
    }
}

// Of kernels where it is no type: by the number of its destructor.
TEST(LeftOut, AHugePageIsKnownByItsSecondStruct) {
    for (const uint64_t destructor : {1, 2}) {
        std::map<uint64_t, Page> pages;
        for (uint64_t pfn = 0; pfn < 64; pfn++)
            pages[pfn] = {0, pfn == 0 ? 0 : kMap + 1};
        pages[0].flags = head;
        pages[1].second = destructor;
        EXPECT_EQ(leave(Kernel::v5_10, pages, 8, 3).kept, destructor == 2 ? "000" : "111");
    }
}

TEST(LeftOut, BrokenPartsOfWhatStaysAreLeftOut) {
    std::map<uint64_t, Page> pages = {{0, {head}}, {1, {hwpoison, kMap + 1}}, {2, {0, kMap + 1}}};
    const auto outcome = leave(Kernel::v5_10, pages, 31, 3);
    EXPECT_EQ(outcome.kept, "101");
    EXPECT_EQ(of(outcome, PageKind::hwpoison), 1U);
}

TEST(LeftOut, WhatIsNotKnownStays) {
    std::map<uint64_t, Page> pages = {{0, {lru}}, {1, {lru}}, {3, {lru}}};
    const auto outcome = leave(Kernel::v5_10, pages, 31, 5);
    EXPECT_EQ(outcome.kept, "00101");
    EXPECT_EQ(outcome.left.unknown, 2U);
}

TEST(LeftOut, ShortRunsStayWhereTheyCostMoreThanTheyTake) {
    std::map<uint64_t, Page> pages;
    const std::string kinds = "1001000011010000";
    for (uint64_t pfn = 0; pfn < kinds.size(); pfn++)
        pages[pfn] = {kinds[pfn] == '0' ? uint64_t{lru} : 0};
    const auto outcome = leave(Kernel::v5_10, pages, 31, kinds.size(), 4);
    EXPECT_EQ(outcome.kept, "1111000011110000");
    EXPECT_EQ(of(outcome, PageKind::cache), 8U);
}

TEST(Pages, ASetOfThem) {
    auto set = PageSet::create(1009);
    ASSERT_TRUE(set);
    EXPECT_EQ(set->next(0), 1009U);
    set->add_pages(3, 131);
    set->add_pages(1000, 5000);
    set->remove(64);
    EXPECT_EQ(set->count(), 127U + 9);
    EXPECT_EQ(set->next(0), 3U);
    EXPECT_EQ(set->next_missing(3), 64U);
    EXPECT_EQ(set->next(64), 65U);
    EXPECT_EQ(set->next(131), 1000U);
    EXPECT_EQ(set->next_missing(1000), 1009U);
    EXPECT_FALSE(set->has(1009));
}

}  // namespace
}  // namespace whydrop
