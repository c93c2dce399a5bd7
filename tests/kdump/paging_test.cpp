// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual to physical, by page tables that the test writes; and how memory is found at all.
#include "kdump/paging/paging.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "kdump/memory.h"

namespace whydrop::kdump {
namespace {

constexpr uint64_t kernel_map = 0xffffffff80000000, root = 0x4000;

// Physical memory of some pages.
class FakeDump : public Dump {
  public:
    std::map<uint64_t, std::vector<uint8_t>> pages;

    void put(uint64_t paddr, uint64_t word) {
        auto &page = pages.try_emplace(paddr / page_bytes, page_bytes).first->second;
        std::memcpy(page.data() + paddr % page_bytes, &word, sizeof word);
    }
    void put_text(uint64_t paddr, const std::string &text) {
        auto &page = pages.try_emplace(paddr / page_bytes, page_bytes).first->second;
        std::copy(text.begin(), text.end(), page.begin() + static_cast<long>(paddr % page_bytes));
    }
    void set_vmcoreinfo(const std::string &text) { facts_.vmcoreinfo = text; }

    Status read(uint64_t paddr, std::span<uint8_t> to) override {
        const auto found = pages.find(paddr / page_bytes);
        if (found == pages.end() || paddr % page_bytes + to.size() > page_bytes)
            return Error{Errc::failed, "page missing", ""};
        std::copy_n(found->second.begin() + static_cast<long>(paddr % page_bytes), to.size(),
                    to.begin());
        return success();
    }
    [[nodiscard]] bool has_page(uint64_t pfn) const override { return pages.count(pfn); }
    [[nodiscard]] std::vector<Range> ranges() const override {
        std::vector<Range> all;
        for (const auto &[pfn, page] : pages)
            all.push_back({pfn * page_bytes, (pfn + 1) * page_bytes});
        return all;
    }
};

VmcoreInfo info(bool five_levels, uint64_t phys_base = 0, uint64_t sme = 0) {
    char text[256];
    std::snprintf(text, sizeof text,
                  "OSRELEASE=test\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=%llx\n"
                  "NUMBER(phys_base)=%lld\nNUMBER(pgtable_l5_enabled)=%d\nNUMBER(sme_mask)=%llu\n",
                  static_cast<unsigned long long>(kernel_map + root - phys_base),
                  static_cast<long long>(phys_base), five_levels,
                  static_cast<unsigned long long>(sme));
    return VmcoreInfo(text);
}

// The entry of `address` in the table at `table`, of a level counted from 0 for the last.
uint64_t slot(uint64_t table, uint64_t address, unsigned level) {
    return table + ((address >> (12 + 9 * level)) & 511) * 8;
}

TEST(X86Paging, WalksFourAndFiveLevels) {
    constexpr uint64_t address = 0xffff888012345678;
    for (const bool five : {false, true}) {
        FakeDump dump;
        uint64_t table = root;
        for (unsigned level = five ? 5 : 4; level-- > 0;) {
            const uint64_t next = level ? 0x10000 + level * 0x1000 : 0x77000;
            dump.put(slot(table, address, level), next | 0x8000000000000063);
            table = next;
        }
        auto paging = page_x86_64(dump, info(five));
        ASSERT_TRUE(paging.ok());
        EXPECT_EQ(*(*paging)->physical(address), 0x77678u) << five;
        EXPECT_EQ(*(*paging)->physical(address + 1), 0x77679u) << "from what is known by now";
    }
}

TEST(X86Paging, KnowsLargePagesAndWhatIsNotThere) {
    constexpr uint64_t address = 0xffff888012345678;
    FakeDump dump;
    dump.put(slot(root, address, 3), 0x10000 | 1);
    dump.put(slot(0x10000, address, 2), 0x11000 | 1);
    dump.put(slot(0x11000, address, 1), 0x40000000 | 0x81);
    constexpr uint64_t giant = 0xffff888050000000;
    dump.put(slot(0x10000, giant, 2), 0x80000000 | 0x81);
    constexpr uint64_t no_table = 0xffff8880c0000000;
    dump.put(slot(0x10000, no_table, 2), 0x99000 | 1);
    auto paging = page_x86_64(dump, info(false));
    ASSERT_TRUE(paging.ok());
    EXPECT_EQ(*(*paging)->physical(address), 0x40000000 + (address & 0x1fffff));
    EXPECT_EQ(*(*paging)->physical(giant + 0x1234567), 0x80000000 + 0x10000000 + 0x1234567);
    const auto nothing = (*paging)->physical(0xffff999900000000);
    ASSERT_FALSE(nothing.ok());
    EXPECT_EQ(nothing.error().what, "address 0xffff999900000000 is not mapped");
    const auto missing = (*paging)->physical(no_table);
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().what.find("page missing"), std::string::npos);
}

TEST(X86Paging, TakesTheEncryptionBitAway) {
    constexpr uint64_t address = 0xffff888000000000, sme = 1ull << 47;
    FakeDump dump;
    dump.put(slot(root, address, 3), 0x10000 | sme | 1);
    dump.put(slot(0x10000, address, 2), 0x40000000 | sme | 0x81);
    auto paging = page_x86_64(dump, info(false, 0, sme));
    ASSERT_TRUE(paging.ok());
    EXPECT_EQ(*(*paging)->physical(address + 5), 0x40000005u);
}

TEST(X86Paging, SaysWhatVmcoreinfoLacks) {
    FakeDump dump;
    const auto paging = page_x86_64(dump, VmcoreInfo("NUMBER(phys_base)=0\n"));
    ASSERT_FALSE(paging.ok());
    EXPECT_NE(paging.error().what.find("swapper_pg_dir"), std::string::npos);
}

TEST(Memory, FindsVmcoreinfoInTheMemoryItself) {
    constexpr uint64_t address = 0xffff888000123456;
    auto dump = std::make_unique<FakeDump>();
    dump->put(slot(root, address, 3), 0x10000 | 1);
    dump->put(slot(0x10000, address, 2), 0x81);
    dump->put_text(0x55000, "OSRELEASE=a page that only looks like it");
    dump->put_text(0x66000, info(false).text());
    dump->put_text(0x123456, "hello");
    auto memory = Memory::open(std::move(dump));
    ASSERT_TRUE(memory.ok()) << memory.error().what;
    EXPECT_EQ((*memory)->info().value("OSRELEASE"), "test");
    EXPECT_EQ(*(*memory)->text(address), "hello");
    EXPECT_FALSE((*memory)->text(address + page_bytes).ok()) << "mapped, but not in the dump";
}

TEST(Memory, WithoutVmcoreinfoIsSaid) {
    auto dump = std::make_unique<FakeDump>();
    dump->put(0x1000, 1);
    const auto memory = Memory::open(std::move(dump));
    ASSERT_FALSE(memory.ok());
    EXPECT_NE(memory.error().what.find("VMCOREINFO"), std::string::npos);
}

TEST(VmcoreInfo, HasValuesSymbolsAndNumbers) {
    const VmcoreInfo info(
        "OSRELEASE=6.1\nSYMBOL(prb)=ffffffff82a3b660\nNUMBER(phys_base)=-16777216\n"
        "CRASHTIME=5\nOSRELEASE=later\nSYMBOL(bad)=xyz");
    EXPECT_EQ(info.value("OSRELEASE"), "later");
    EXPECT_EQ(info.value("OSREL"), std::nullopt);
    EXPECT_EQ(info.symbol("prb"), 0xffffffff82a3b660);
    EXPECT_EQ(info.number("phys_base"), -16777216);
    EXPECT_EQ(info.symbol("bad"), std::nullopt);
    EXPECT_EQ(info.symbol("missing"), std::nullopt);
}

TEST(MissingPages, AreThoseThatWereWantedInVain) {
    auto fake = std::make_unique<FakeDump>();
    fake->put(3 * page_bytes, 1);
    fake->put(11 * page_bytes, 1);
    MissingPages dump(std::move(fake));
    const struct {
        const char *sentence;
        std::vector<uint64_t> pages;
        uint64_t missing;
    } rows[] = {
        {"nothing was asked for", {}, 0},
        {"a page that is there", {3}, 0},
        {"two that are not, one of them three times", {5, 7, 5, 3, 5}, 2},
        {"one that no longer counts, and one again", {3, 7}, 1},
        {"one behind all memory", {13}, 0},
    };
    for (const auto &row : rows) {
        uint8_t byte = 0;
        for (const uint64_t page : row.pages)
            (void)dump.read(page * page_bytes, {&byte, 1}).ok();
        EXPECT_EQ(dump.take(), row.missing) << row.sentence;
    }
}

}  // namespace
}  // namespace whydrop::kdump
