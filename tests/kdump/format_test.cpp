// SPDX-License-Identifier: GPL-2.0-or-later
// The same memory in every format.
#include <gtest/gtest.h>

#include <algorithm>

#include "dump_walk.h"
#include "kdump/format/dump.h"
#include "synth.h"

namespace whydrop {
namespace {

using kdump::page_bytes;
using namespace test;

constexpr std::string_view kMemory = R"(
page 0x1000 fill 5a
page 0x2000 bytes 01 02 03 at 0x10
page 0x3000 noise 7
left 0x4000
page 0x5000 fill 00
page 0x6000 bytes 68 69 at 0xffe
page 0x7000 fill 00
page 0x200000 noise 11
page 0x7fff000 fill c3
vmcoreinfo OSRELEASE=6.1.0-13-test
vmcoreinfo PAGESIZE=4096
prstatus 00 11 22
prstatus 33
)";

// Every address up to a page behind the last page, byte by byte.
void expect_memory(kdump::Dump &dump, const SynthMemory &memory, const std::string &name) {
    const uint64_t end = memory.pages.rbegin()->first + 2;
    std::array<uint8_t, page_bytes> page{};
    for (uint64_t pfn = 0; pfn < end; pfn++) {
        const auto wanted = memory.pages.find(pfn);
        const bool there = wanted != memory.pages.end();
        ASSERT_EQ(dump.has_page(pfn), there) << name << ": page " << pfn;
        const auto read = dump.read(pfn * page_bytes, page);
        ASSERT_EQ(read.ok(), there) << name << ": page " << pfn;
        ASSERT_TRUE(!there || page == wanted->second) << name << ": page " << pfn;
    }
}

std::vector<std::pair<uint64_t, uint64_t>> ranges_of(const kdump::Dump &dump) {
    std::vector<std::pair<uint64_t, uint64_t>> ranges;
    for (const auto &range : dump.ranges())
        ranges.emplace_back(range.begin, range.end);
    return ranges;
}

TEST(Format, TheSameMemoryReadsTheSame) {
    const SynthMemory memory = synth_memory(kMemory);
    const std::vector<std::pair<uint64_t, uint64_t>> ranges = {
        {0x1000, 0x4000}, {0x5000, 0x8000}, {0x200000, 0x201000}, {0x7fff000, 0x8000000}};
    const auto files = synth_files(memory);
    ASSERT_EQ(files.size(), 2u * (3 + 6 * 5));
    for (const SynthFile &file : files) {
        for (const bool views : {true, false}) {
            auto dump = open_bytes(file.bytes, views);
            ASSERT_TRUE(dump) << file.name << ": " << dump.error().what;
            expect_memory(**dump, memory, file.name);
            EXPECT_EQ(ranges_of(**dump), ranges) << file.name;
            EXPECT_EQ(broken_promise(**dump), "") << file.name;
        }
    }
}

TEST(Format, TheFactsAreWhatTheFormatSays) {
    const SynthMemory memory = synth_memory(kMemory);
    for (const SynthFile &file : synth_files(memory)) {
        const auto dump = open_bytes(file.bytes);
        ASSERT_TRUE(dump) << file.name;
        const kdump::DumpFacts &facts = (*dump)->facts();
        const bool kdump = file.version != 0;
        EXPECT_EQ(facts.format, file.format) << file.name;
        EXPECT_EQ(facts.compression, file.compression) << file.name;
        EXPECT_EQ(facts.file_bytes, file.bytes.size()) << file.name;
        EXPECT_EQ(facts.pages, memory.pages.size()) << file.name;
        EXPECT_EQ(facts.dump_level.value_or(99), kdump ? 31u : 99u) << file.name;
        EXPECT_FALSE(facts.incomplete) << file.name;
        const bool has_text = !kdump || file.version >= 3;
        EXPECT_EQ(facts.vmcoreinfo, has_text ? memory.vmcoreinfo : "") << file.name;
        const bool has_notes = !kdump || file.version >= 4;
        EXPECT_EQ(facts.prstatus, has_notes ? memory.prstatus : std::vector<Bytes>{}) << file.name;
    }
}

TEST(Format, AnyRunOfBytesReads) {
    const SynthMemory memory = synth_memory(kMemory);
    Bytes run;  // 0x5000 to 0x8000
    for (const uint64_t pfn : {5, 6, 7})
        run.insert(run.end(), memory.pages.at(pfn).begin(), memory.pages.at(pfn).end());
    for (const SynthFile &file : synth_files(memory)) {
        auto dump = open_bytes(file.bytes);
        ASSERT_TRUE(dump) << file.name;
        for (size_t begin = 0; begin < run.size(); begin += 997)
            for (const size_t bytes : {0, 1, 2, 7, 4096, 4099, 8191}) {
                Bytes part(std::min(bytes, run.size() - begin));
                ASSERT_TRUE((*dump)->read(0x5000 + begin, part)) << file.name << " " << begin;
                const auto at = run.begin() + static_cast<long>(begin);
                ASSERT_TRUE(std::equal(part.begin(), part.end(), at)) << file.name << " " << begin;
            }
    }
}

TEST(Format, MissingPagesSayWhy) {
    const SynthMemory memory = synth_memory(kMemory);
    const Bytes elf = synth_elf(memory), kdump = synth_kdump(memory);
    Bytes broken = synth_kdump(memory, {.version = 4, .packing = 1});
    std::fill(broken.end() - 4, broken.end(), uint8_t{0});  // the checksum of the last page
    const Bytes split = synth_kdump(memory, {.part = {{2, 7}}});
    const struct {
        const char *why;
        const Bytes &file;
        uint64_t paddr, bytes;
        const char *says;
    } rows[] = {
        {"a segment's memory without bytes", elf, 0x4000, 8, "page 0x4 is not in the dump"},
        {"before everything", elf, 0x10, 8, "page 0x0 is not in the dump"},
        {"a read that begins well", elf, 0x3ffe, 8, "page 0x4 is not in the dump"},
        {"a page that makedumpfile left out", kdump, 0x4000, 8,
         "page 0x4 is not in the dump: it was left out (dump level 31)"},
        {"where the machine has no memory", kdump, 0x8000, 1, "page 0x8 is not in the dump"},
        {"behind all memory", kdump, 0x123456789000, 1, "page 0x123456789 is not in the dump"},
        {"a page that does not unpack", broken, 0x7fff123, 5,
         "page 0x7fff cannot be unpacked: its zlib data is damaged or cut"},
        {"another part", split, 0x1000, 3, "page 0x1 is in another part of the split dump"},
    };
    for (const auto &row : rows) {
        auto dump = open_bytes(row.file);
        ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
        Bytes to(row.bytes);
        const auto read = (*dump)->read(row.paddr, to);
        ASSERT_FALSE(read) << row.why;
        EXPECT_EQ(read.error().what, row.says) << row.why;
        EXPECT_EQ(read.error().code, Errc::failed) << row.why;
    }
}

// Whatever the size of a page's packing says, it unpacks to a page or not at all.
TEST(Format, EveryPackingThatIsWrongIsSaid) {
    const SynthMemory memory = synth_memory("page 0x1000 fill 5a");
    const struct {
        uint32_t packing;
        const char *cut, *torn;
    } rows[] = {
        {1, "damaged or cut", "damaged or cut"},
        {2, "lzo says error -4", "lzo says error -4"},
        {4, "snappy says bad input", "it has 4161 bytes"},
        {0x20, "zstd says Src size is incorrect", "zstd says Unknown frame descriptor"},
    };
    for (const auto &row : rows) {
        const Bytes good = synth_kdump(memory, {.packing = row.packing});
        std::array<uint8_t, 4> to{};
        Bytes bytes = good;
        const size_t descriptor = 4 * page_bytes;
        bytes[descriptor + 8]--;  // its size
        auto dump = open_bytes(bytes);
        ASSERT_TRUE(dump) << row.packing;
        auto read = (*dump)->read(0x1000, to);
        ASSERT_FALSE(read) << row.packing;
        EXPECT_NE(read.error().what.find(row.cut), std::string::npos) << read.error().what;
        bytes = good;
        bytes[descriptor + 24] ^= 0x41;  // the first packed byte
        dump = open_bytes(bytes);
        read = (*dump)->read(0x1000, to);
        ASSERT_FALSE(read) << row.packing;
        EXPECT_NE(read.error().what.find(row.torn), std::string::npos) << read.error().what;
    }
}

}  // namespace
}  // namespace whydrop
