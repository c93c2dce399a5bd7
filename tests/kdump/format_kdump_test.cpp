// SPDX-License-Identifier: GPL-2.0-or-later
// What kdump-compressed dumps have beside pages: bitmaps, parts, ancestors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "bytes_writer.h"
#include "dump_walk.h"
#include "kdump/format/dump.h"
#include "synth.h"

namespace whydrop {
namespace {

using kdump::page_bytes;
using namespace test;

int byte_at(kdump::Dump &dump, uint64_t paddr) {
    uint8_t byte = 0xee;  // is to be overwritten, also by zero
    return dump.read(paddr, {&byte, 1}) ? byte : -1;
}

constexpr std::string_view kFewPages = R"(
page 0x1000 fill 11
page 0x2000 fill 22
left 0x3000
page 0x5000 noise 5
page 0x8000 fill 88
vmcoreinfo A=1
prstatus 01
)";

TEST(KdumpShapes, ABitmapOfAnySizeAndPattern) {
    const uint64_t last[] = {1, 7, 63, 64, 511, 512, 4095, 32767, 32768, 100003};
    for (const uint64_t highest : last)
        for (const uint64_t step : {1, 3, 61, 509, 32771}) {
            if (highest / step > 5000)
                continue;
            std::ostringstream text;
            uint64_t count = 0;
            for (uint64_t pfn = highest % step; pfn <= highest; pfn += step, count++)
                text << "page " << pfn * page_bytes << " bytes " << std::hex << pfn % 251 + 1
                     << std::dec << "\n";
            const Bytes file = synth_kdump(synth_memory(text.str()), {.packing = 4});
            auto dump = open_bytes(file);
            ASSERT_TRUE(dump) << highest << " " << step << ": " << dump.error().what;
            EXPECT_EQ((*dump)->facts().pages, count);
            uint64_t in_ranges = 0;
            for (const auto &range : (*dump)->ranges())
                in_ranges += (range.end - range.begin) / page_bytes;
            EXPECT_EQ(in_ranges, count) << highest << " " << step;
            for (uint64_t pfn = highest % step; pfn <= highest; pfn += step)
                ASSERT_EQ(byte_at(**dump, pfn * page_bytes), static_cast<int>(pfn % 251 + 1))
                    << highest << " " << step << ": " << pfn;
            EXPECT_FALSE((*dump)->has_page(highest + 1)) << highest << " " << step;
            EXPECT_EQ(broken_promise(**dump), "") << highest << " " << step;
        }
}

// More pages than the cache holds, twice, forth and back.
TEST(KdumpShapes, PagesComeBackAfterTheyLeftTheCache) {
    constexpr uint64_t count = 5003;
    std::ostringstream text;
    for (uint64_t pfn = 0; pfn < count; pfn++)
        text << "page " << pfn * page_bytes << " bytes " << std::hex << pfn / 251 << " "
             << pfn % 251 << std::dec << "\n";
    const Bytes file = synth_kdump(synth_memory(text.str()), {.packing = 2});
    auto dump = open_bytes(file);
    ASSERT_TRUE(dump);
    const auto expect = [&](uint64_t pfn) {
        ASSERT_EQ(byte_at(**dump, pfn * page_bytes), static_cast<int>(pfn / 251));
        ASSERT_EQ(byte_at(**dump, pfn * page_bytes + 1), static_cast<int>(pfn % 251));
    };
    for (uint64_t pfn = 0; pfn < count; pfn++)
        expect(pfn);
    for (uint64_t pfn = count; pfn-- > 0;)
        expect(pfn);
    for (uint64_t i = 0; i < count; i++)
        expect(i * 1009 % count);
}

// What it is asked for is counted.
class CountingSource : public BytesSource {
  public:
    CountingSource(std::span<const uint8_t> bytes, size_t &reads)
        : BytesSource(bytes, false), reads_(reads) {}
    Status read(uint64_t offset, std::span<uint8_t> to) override {
        reads_++;
        return BytesSource::read(offset, to);
    }

  private:
    size_t &reads_;
};

TEST(KdumpShapes, APageIsUnpackedOnce) {
    const Bytes file = synth_kdump(synth_memory(kFewPages));
    size_t reads = 0;
    auto dump = kdump::open_dump(std::make_unique<CountingSource>(file, reads));
    ASSERT_TRUE(dump);
    EXPECT_EQ(byte_at(**dump, 0x1000), 0x11);
    const size_t before = reads;
    for (uint64_t i = 0; i < 97; i++)
        EXPECT_EQ(byte_at(**dump, 0x1000 + i), 0x11);
    EXPECT_EQ(reads, before);
}

// A page that does not unpack spoils the slot that it was to be in, and nothing that is read.
TEST(KdumpShapes, APageThatFailsSpoilsNoOther) {
    constexpr uint64_t count = 13;
    std::ostringstream text;
    for (uint64_t pfn = 0; pfn < count; pfn++)
        text << "page " << pfn * page_bytes << " fill " << std::hex << pfn + 1 << std::dec << "\n";
    Bytes file = synth_kdump(synth_memory(text.str()));
    file.back() ^= 1;  // in the checksum of the last page
    auto dump = open_bytes(file);
    ASSERT_TRUE(dump);
    // As many as may lie in one place are read before it, and the first of them after it.
    for (uint64_t first = 0; first < count - 1; first++)
        for (uint64_t others = 0; others < count - 1; others++) {
            for (uint64_t i = 0; i < others; i++)
                (void)byte_at(**dump, (first + i) % (count - 1) * page_bytes);
            EXPECT_EQ(byte_at(**dump, (count - 1) * page_bytes), -1);
            ASSERT_EQ(byte_at(**dump, first * page_bytes), static_cast<int>(first + 1)) << others;
        }
}

TEST(KdumpShapes, BitsBehindTheLastPageAreNone) {
    Bytes file = synth_kdump(synth_memory("page 0x1000 fill 11\npage 0x5000 fill 55"));
    const size_t bitmap = 3 * page_bytes;  // of the pages in the file
    file[bitmap] |= 0xc0;                  // 6 and 7
    file[bitmap + 1] = 0xff;
    auto dump = open_bytes(file);
    ASSERT_TRUE(dump);
    EXPECT_EQ((*dump)->facts().pages, 2u);
    EXPECT_EQ((*dump)->ranges().size(), 2u);
    EXPECT_EQ((*dump)->ranges().back().end, 0x6000u);
    EXPECT_FALSE((*dump)->has_page(6));
    EXPECT_EQ(byte_at(**dump, 0x6000), -1);
}

TEST(KdumpShapes, PartsOfASplitDump) {
    const SynthMemory memory = synth_memory(kFewPages);
    const struct {
        const char *why;
        uint32_t version;
        uint64_t first, end;
        std::vector<uint64_t> pages;
    } rows[] = {
        {"the first part", 6, 0, 2, {1}},
        {"the middle", 6, 2, 6, {2, 5}},
        {"the last, with an end behind the machine's", 6, 6, 1009, {8}},
        {"none at all", 6, 6, 7, {}},
        {"numbers of 32 bits", 5, 2, 6, {2, 5}},
        {"the oldest that can be split", 2, 2, 6, {2, 5}},
    };
    for (const auto &row : rows) {
        const Bytes file =
            synth_kdump(memory, {.version = row.version, .part = {{row.first, row.end}}});
        auto dump = open_bytes(file);
        ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
        EXPECT_EQ((*dump)->facts().format, "part of a split kdump compressed") << row.why;
        EXPECT_EQ((*dump)->facts().pages, row.pages.size()) << row.why;
        EXPECT_FALSE((*dump)->facts().incomplete) << row.why;
        for (uint64_t pfn = 0; pfn < 11; pfn++) {
            const bool mine = std::count(row.pages.begin(), row.pages.end(), pfn) != 0;
            EXPECT_EQ((*dump)->has_page(pfn), mine) << row.why << ": " << pfn;
            const int wanted = mine ? memory.pages.at(pfn)[7] : -1;
            EXPECT_EQ(byte_at(**dump, pfn * page_bytes + 7), wanted) << row.why << ": " << pfn;
        }
        EXPECT_EQ(broken_promise(**dump), "") << row.why;
    }
}

TEST(KdumpShapes, AncestorsAndOthers) {
    const SynthMemory memory = synth_memory(kFewPages);
    const struct {
        const char *why;
        KdumpShape shape;
        const char *format;
        uint64_t pages;
        bool incomplete, facts;
    } rows[] = {
        {"the usual", {}, "kdump compressed", 4, false, true},
        {"diskdump, whose sub-header is another",
         {.signature = "DISKDUMP", .version = 1},
         "diskdump",
         4,
         false,
         false},
        {"one bitmap, of what is in the file",
         {.one_bitmap = true},
         "kdump compressed",
         4,
         false,
         true},
        {"larger blocks", {.block_bytes = 8192}, "kdump compressed", 8, false, true},
        {"the largest", {.block_bytes = 65536}, "kdump compressed", 16, false, true},
        {"marked as incomplete", {.status = 8}, "kdump compressed", 4, true, true},
        {"newer than what is known", {.version = 7}, "kdump compressed", 4, false, true},
        {"the machine has no name", {.machine = ""}, "kdump compressed", 4, false, true},
    };
    for (const auto &row : rows) {
        const Bytes file = synth_kdump(memory, row.shape);
        auto dump = open_bytes(file);
        ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
        const auto &facts = (*dump)->facts();
        EXPECT_EQ(facts.format, row.format) << row.why;
        EXPECT_EQ(facts.pages, row.pages) << row.why;
        EXPECT_EQ(facts.incomplete, row.incomplete) << row.why;
        EXPECT_EQ(facts.vmcoreinfo, row.facts ? "A=1\n" : "") << row.why;
        EXPECT_EQ(facts.dump_level.has_value(), row.facts) << row.why;
        for (const auto &[pfn, page] : memory.pages) {
            std::array<uint8_t, page_bytes> read{};
            ASSERT_TRUE((*dump)->read(pfn * page_bytes, read)) << row.why;
            EXPECT_EQ(read, page) << row.why;
        }
        EXPECT_EQ(broken_promise(**dump), "") << row.why;
    }
}

// Where the file stops, beginning behind the bitmaps: it opens and says that it is not whole, and
// the pages that are there read.
TEST(KdumpShapes, ACutFileSaysSo) {
    const SynthMemory memory = synth_memory(kFewPages);
    const Bytes whole = synth_kdump(memory);
    const size_t descriptors = 4 * page_bytes;
    size_t readable = 0;
    for (size_t bytes = descriptors; bytes < whole.size(); bytes++) {
        auto dump = open_bytes(std::span(whole).first(bytes));
        ASSERT_TRUE(dump) << bytes << ": " << dump.error().what;
        ASSERT_TRUE((*dump)->facts().incomplete) << bytes;
        size_t now = 0;
        for (const auto &[pfn, page] : memory.pages) {
            EXPECT_TRUE((*dump)->has_page(pfn)) << "claimed all the same";
            now += byte_at(**dump, pfn * page_bytes) == page[0];
        }
        ASSERT_GE(now, readable) << bytes;
        readable = now;
    }
    EXPECT_EQ(readable, memory.pages.size() - 1);
}

TEST(KdumpShapes, ContradictionsAreRefused) {
    const Bytes good = synth_kdump(synth_memory(kFewPages));
    const struct {
        const char *why;
        size_t at;
        uint64_t value;
        size_t bytes;
        Errc code;
        const char *says;
    } rows[] = {
        {"blocks of no power of two", 428, 4097, 4, Errc::failed, "blocks of 4097 bytes"},
        {"blocks of nothing", 428, 0, 4, Errc::failed, "blocks of 0 bytes"},
        {"blocks of a megabyte", 428, 1 << 20, 4, Errc::failed, "blocks of 1048576 bytes"},
        {"no bitmap", 436, 0, 4, Errc::failed, "bitmaps of 0 blocks for 9 pages"},
        {"a bitmap of terabytes", 436, 0xfffffffe, 4, Errc::failed, "is cut"},
        {"a sub-header of terabytes", 432, 0xffffffff, 4, Errc::failed, "is cut"},
        {"no pages", 4096 + 96, 0, 8, Errc::failed, "a machine of 0 pages"},
        {"too many pages", 4096 + 96, UINT64_MAX, 8, Errc::failed, "a machine of 1844"},
        {"more pages than bits", 4096 + 96, 65537, 8, Errc::failed, "for 65537 pages"},
        {"another machine", 12 + 4 * 65, 0x34366d7261, 8, Errc::usage, "architecture: arm64"},
        {"another byte order", 8, 0x06000000, 4, Errc::usage, "architecture: big-endian"},
    };
    for (const auto &row : rows) {
        Bytes file = good;
        std::memcpy(&file[row.at], &row.value, row.bytes);
        const auto dump = open_bytes(file);
        ASSERT_FALSE(dump) << row.why;
        EXPECT_EQ(dump.error().code, row.code) << row.why;
        EXPECT_NE(dump.error().what.find(row.says), std::string::npos) << dump.error().what;
    }
}

// Page descriptors that say something else: the page is lost, with a reason, and no other.
TEST(KdumpShapes, DescriptorsThatLie) {
    const Bytes good = synth_kdump(synth_memory(kFewPages));
    const size_t first = 4 * page_bytes;
    const struct {
        const char *why;
        size_t at;
        uint64_t value;
        size_t bytes;
        const char *says;
    } rows[] = {
        {"not written", 0, 0, 8, "page 0x1 was not written before the dump ended"},
        {"behind the end", 0, 1 << 30, 8, "page 0x1 cannot be read: the file ends at byte"},
        {"at a negative offset", 0, UINT64_MAX, 8, "page 0x1 cannot be read: the file ends"},
        {"of no bytes", 8, 0, 4, "page 0x1 was not written"},
        {"of too many", 8, 8193, 4, "page 0x1 cannot be unpacked: it has 8193 bytes packed"},
        {"packed by nobody knows whom", 12, 0x40, 4,
         "page 0x1 cannot be unpacked: packing 0x40 is not known"},
        {"packed twice", 12, 3, 4, "page 0x1 cannot be unpacked: packing 0x3 is not known"},
        {"not packed, but short", 12, 0, 4, "page 0x1 cannot be read: it has"},
    };
    for (const auto &row : rows) {
        Bytes file = good;
        std::memcpy(&file[first + row.at], &row.value, row.bytes);
        auto dump = open_bytes(file);
        ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
        uint8_t byte = 0;
        const auto read = (*dump)->read(0x1000, {&byte, 1});
        ASSERT_FALSE(read) << row.why;
        EXPECT_EQ(read.error().what.find(row.says), 0u) << read.error().what;
        EXPECT_EQ(byte_at(**dump, 0x2000), 0x22) << row.why;
        EXPECT_EQ(byte_at(**dump, 0x8fff), 0x88) << row.why;
    }
}

}  // namespace
}  // namespace whydrop
