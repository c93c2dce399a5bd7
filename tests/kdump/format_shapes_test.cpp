// SPDX-License-Identifier: GPL-2.0-or-later
// What the formats allow and few writers do.
#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "bytes_writer.h"
#include "dump_walk.h"
#include "kdump/format/dump.h"
#include "synth.h"

namespace whydrop {
namespace {

using kdump::page_bytes;
using namespace test;

std::vector<std::pair<uint64_t, uint64_t>> ranges_of(const kdump::Dump &dump) {
    std::vector<std::pair<uint64_t, uint64_t>> ranges;
    for (const auto &range : dump.ranges())
        ranges.emplace_back(range.begin, range.end);
    return ranges;
}
using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;

// The byte at an address, or -1.
int byte_at(kdump::Dump &dump, uint64_t paddr) {
    uint8_t byte = 0xee;  // is to be overwritten, also by zero
    return dump.read(paddr, {&byte, 1}) ? byte : -1;
}

TEST(ElfShapes, SegmentsMayOverlapInAnyWay) {
    const Bytes a(0x2000, 0xaa), b(0x2000, 0xbb), c(0x1000, 0xcc), tiny(0x10, 0xdd);
    const struct {
        const char *why;
        std::vector<ElfSegment> segments;
        Ranges ranges;
        std::vector<std::pair<uint64_t, int>> bytes;
    } rows[] = {
        {"the first in the file is believed",
         {{0x1000, a}, {0x2000, b}},
         {{0x1000, 0x4000}},
         {{0xfff, -1}, {0x1000, 0xaa}, {0x2fff, 0xaa}, {0x3000, 0xbb}, {0x4000, -1}}},
        {"also when it lies higher",
         {{0x2000, b}, {0x1000, a}},
         {{0x1000, 0x4000}},
         {{0x1fff, 0xaa}, {0x2000, 0xbb}, {0x3fff, 0xbb}}},
        {"one inside of another, which is before it",
         {{0x1000, a}, {0x1800, tiny}},
         {{0x1000, 0x3000}},
         {{0x1800, 0xaa}, {0x1810, 0xaa}}},
        {"one inside of another, which is behind it",
         {{0x1800, tiny}, {0x1000, a}},
         {{0x1000, 0x3000}},
         {{0x17ff, 0xaa}, {0x1800, 0xdd}, {0x180f, 0xdd}, {0x1810, 0xaa}}},
        {"three at one address",
         {{0x1000, c}, {0x1000, a}, {0x1000, b}},
         {{0x1000, 0x3000}},
         {{0x1fff, 0xcc}, {0x2000, 0xaa}}},
        {"one without bytes hides nothing",
         {{0x1000, {}, 0x5000}, {0x2000, c}},
         {{0x2000, 0x3000}},
         {{0x1fff, -1}, {0x2000, 0xcc}}},
        {"one at no address is no memory",
         {{UINT64_MAX, a}, {0x2000, c}},
         {{0x2000, 0x3000}},
         {{UINT64_MAX, -1}, {0x2000, 0xcc}}},
        {"the last addresses there are",
         {{UINT64_MAX - 0x1000, c}},
         {{UINT64_MAX - 0x1000, UINT64_MAX}},
         {{UINT64_MAX - 1, 0xcc}, {UINT64_MAX, -1}}},
        {"neighbours are one range",
         {{0x2000, a}, {0x4000, b}, {0x1000, c}},
         {{0x1000, 0x6000}},
         {{0x1fff, 0xcc}, {0x3fff, 0xaa}, {0x4000, 0xbb}}},
    };
    for (const auto &row : rows) {
        const Bytes file = synth_elf(row.segments, {});
        auto dump = open_bytes(file);
        ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
        EXPECT_EQ(ranges_of(**dump), row.ranges) << row.why;
        for (const auto &[at, byte] : row.bytes)
            EXPECT_EQ(byte_at(**dump, at), byte) << row.why << " at " << std::hex << at;
        EXPECT_EQ(broken_promise(**dump), "") << row.why;
    }
}

TEST(ElfShapes, APageMayBeInPiecesOrInPart) {
    const Bytes file = synth_elf(
        {{0x1000, Bytes(0x123, 1)}, {0x1123, Bytes(0xedd, 2)}, {0x2000, Bytes(7, 3)}}, {});
    auto dump = open_bytes(file);
    ASSERT_TRUE(dump);
    EXPECT_TRUE((*dump)->has_page(1)) << "of two segments";
    EXPECT_FALSE((*dump)->has_page(2)) << "seven bytes are no page";
    EXPECT_EQ((*dump)->facts().pages, 1u);
    EXPECT_EQ(byte_at(**dump, 0x1123), 2);
    EXPECT_EQ(byte_at(**dump, 0x2006), 3) << "but they can be read";
    EXPECT_EQ(byte_at(**dump, 0x2007), -1);
    EXPECT_EQ(broken_promise(**dump), "");
}

TEST(ElfShapes, MoreSegmentsThanTheHeaderCanSay) {
    constexpr size_t count = 65537;
    std::vector<ElfSegment> segments;
    for (size_t i = 0; i < count; i++)
        segments.push_back({2 * i * page_bytes, Bytes(3, static_cast<uint8_t>(i))});
    const Bytes file = synth_elf(segments, {}, {.many_segments = true});
    auto dump = open_bytes(file);
    ASSERT_TRUE(dump) << dump.error().what;
    EXPECT_EQ((*dump)->ranges().size(), count);
    for (const size_t i : {0, 1, 4099, 65534, 65535, 65536}) {
        EXPECT_EQ(byte_at(**dump, 2 * i * page_bytes + 2), static_cast<uint8_t>(i));
        EXPECT_EQ(byte_at(**dump, (2 * i + 1) * page_bytes), -1);
    }
}

TEST(ElfShapes, HeadersAreWhereTheySay) {
    const SynthMemory memory = synth_memory("page 0x1000 fill 5a\nvmcoreinfo A=1\nprstatus 01");
    const struct {
        const char *why;
        ElfShape shape;
    } rows[] = {
        {"QEMU 7.2: e_ehsize is 8, sections come first", {.like_qemu = true}},
        {"longer program headers", {.segment_stride = 71}},
        {"the count in section 0", {.many_segments = true, .segment_stride = 67}},
    };
    for (const auto &row : rows) {
        const Bytes file = synth_elf(memory, row.shape);
        auto dump = open_bytes(file);
        ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
        EXPECT_EQ(byte_at(**dump, 0x1fff), 0x5a) << row.why;
        EXPECT_EQ((*dump)->facts().vmcoreinfo, "A=1\n") << row.why;
        EXPECT_EQ((*dump)->facts().prstatus, std::vector<Bytes>{{1}}) << row.why;
    }
}

TEST(ElfShapes, ACutFileSaysWhichPage) {
    const Bytes whole = synth_elf({{0x1000, Bytes(3 * page_bytes, 0x11)}}, {});
    const size_t data = whole.size() - 3 * page_bytes;
    const struct {
        const char *why;
        size_t bytes;  // of the segment
        const char *page;
        std::vector<std::pair<uint64_t, uint64_t>> ranges;
        uint64_t pages;
    } rows[] = {
        {"within the last page", 2 * page_bytes + 1, "page 0x3 ", {{0x1000, 0x3001}}, 2},
        {"before the last page", 2 * page_bytes, "page 0x3 ", {{0x1000, 0x3000}}, 2},
        {"within the second page", page_bytes + 7, "page 0x2 ", {{0x1000, 0x2007}}, 1},
        {"before the first byte", 0, "page 0x1 ", {}, 0},
    };
    for (const auto &row : rows) {
        const size_t bytes = data + row.bytes;
        auto dump = open_bytes(std::span(whole).first(bytes));
        ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
        EXPECT_TRUE((*dump)->facts().incomplete) << row.why;
        EXPECT_EQ((*dump)->facts().pages, row.pages) << row.why;
        EXPECT_EQ(ranges_of(**dump), row.ranges) << row.why;
        EXPECT_TRUE((*dump)->has_page(3)) << row.why << ": it is claimed";
        Bytes all(3 * page_bytes);
        const auto read = (*dump)->read(0x1000, all);
        ASSERT_FALSE(read) << row.why;
        EXPECT_EQ(read.error().what,
                  row.page + ("cannot be read: the file ends at byte " + std::to_string(bytes)))
            << row.why;
    }
}

TEST(ElfShapes, NotesThatAreNone) {
    const Bytes good = synth_note("VMCOREINFO", 0, {'A', '=', '1', 0, 'B'});
    Bytes cut = synth_note("CORE", 1, {7});
    cut[4] = 200;  // bytes of its body
    Bytes huge = good;
    put(huge, 0, UINT32_MAX);
    const auto joined = [](std::vector<Bytes> parts) {
        Bytes all;
        for (const Bytes &part : parts)
            append(all, part);
        return all;
    };
    const struct {
        const char *why;
        Bytes notes;
        const char *vmcoreinfo;
        size_t cpus;
    } rows[] = {
        {"text ends at a zero", good, "A=1", 0},
        {"another's", synth_note("VMCOREINFO_XEN", 0, {'X'}), "", 0},
        {"the first counts", joined({good, synth_note("VMCOREINFO", 0, {'B'})}), "A=1", 0},
        {"after a cut one nothing counts", joined({cut, good}), "", 0},
        {"what came before does", joined({good, cut}), "A=1", 0},
        {"a name of 4 GB", huge, "", 0},
        {"without names", joined({synth_note("", 1, {}), synth_note("CORE", 1, {})}), "", 1},
        {"too few bytes for one", {1, 2, 3}, "", 0},
    };
    for (const auto &row : rows) {
        const Bytes file = synth_elf({{0x1000, Bytes(page_bytes, 1)}}, row.notes);
        const auto dump = open_bytes(file);
        ASSERT_TRUE(dump) << row.why;
        EXPECT_EQ((*dump)->facts().vmcoreinfo, row.vmcoreinfo) << row.why;
        EXPECT_EQ((*dump)->facts().prstatus.size(), row.cpus) << row.why;
    }
}

TEST(ElfShapes, ContradictionsAreRefused) {
    const Bytes good = synth_elf({{0x1000, Bytes(page_bytes, 1)}}, {});
    const size_t load = 64 + 56;  // the program header of the segment
    const struct {
        const char *why;
        size_t at;
        uint64_t value;
        size_t bytes;
        const char *says;
    } rows[] = {
        {"no program headers", offsetof(Elf64_Ehdr, e_phnum), 0, 2, "without any memory"},
        {"they are behind the end", offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 3, 8, "are cut"},
        {"they reach past the end", offsetof(Elf64_Ehdr, e_phnum), 1009, 2, "are cut"},
        {"they are too short", offsetof(Elf64_Ehdr, e_phentsize), 55, 2, "55 bytes each"},
        {"the count is in no section", offsetof(Elf64_Ehdr, e_phnum), 0xffff, 2, "there is none"},
        {"a segment behind all offsets", load + offsetof(Elf64_Phdr, p_offset), UINT64_MAX, 8,
         "past 2^64"},
        {"a segment behind all addresses", load + offsetof(Elf64_Phdr, p_paddr), UINT64_MAX - 100,
         8, "past the end of all addresses"},
    };
    for (const auto &row : rows) {
        Bytes file = good;
        std::memcpy(&file[row.at], &row.value, row.bytes);
        const auto dump = open_bytes(file);
        ASSERT_FALSE(dump) << row.why;
        EXPECT_EQ(dump.error().code, Errc::failed) << row.why;
        EXPECT_NE(dump.error().what.find(row.says), std::string::npos) << dump.error().what;
    }
}

TEST(FlattenedShapes, LaterRecordsWinAndHolesAreZero) {
    const Bytes elf = synth_elf({{0x1000, Bytes(page_bytes, 0x11)}}, {});
    const size_t data = elf.size() - page_bytes;
    const Bytes head(elf.begin(), elf.begin() + static_cast<long>(data));
    const struct {
        const char *why;
        Records records;
        std::vector<std::pair<uint64_t, int>> bytes;  // of the page
    } rows[] = {
        {"the later one is inside",
         {{0, elf}, {data + 100, Bytes(7, 0x22)}},
         {{99, 0x11}, {100, 0x22}, {106, 0x22}, {107, 0x11}}},
        {"the later one is around",
         {{data + 100, Bytes(7, 0x22)}, {0, elf}},
         {{100, 0x11}, {106, 0x11}}},
        {"they begin together",
         {{data, Bytes(page_bytes, 0x33)}, {data, Bytes(9, 0x22)}, {0, head}},
         {{0, 0x22}, {8, 0x22}, {9, 0x33}, {4095, 0x33}}},
        {"they end together",
         {{data, Bytes(page_bytes, 0x33)}, {data + 4090, Bytes(6, 0x22)}, {0, head}},
         {{4089, 0x33}, {4090, 0x22}, {4095, 0x22}}},
        {"three on top of each other",
         {{0, elf},
          {data + 10, Bytes(100, 0x22)},
          {data + 50, Bytes(10, 0x33)},
          {data + 40, Bytes(15, 0x44)}},
         {{39, 0x22}, {40, 0x44}, {54, 0x44}, {55, 0x33}, {59, 0x33}, {60, 0x22}, {110, 0x11}}},
        {"a hole, with something behind it",
         {{0, head}, {data + 4095, {0x22}}},
         {{0, 0}, {4094, 0}, {4095, 0x22}}},
        {"a hole that is longer than the file",
         {{0, head}, {1 << 20, {0x22}}},
         {{0, 0}, {7, 0}, {4095, 0}}},
        {"nothing behind it: the file ends",
         {{0, head}, {data + 5, {0x22, 0x23}}},
         {{4, 0}, {5, 0x22}, {6, 0x23}, {7, -1}, {4095, -1}}},
        {"records without bytes",
         {{data + 4095, {}}, {0, elf}, {UINT64_MAX / 4, {}}},
         {{0, 0x11}, {4095, 0x11}}},
    };
    for (const auto &row : rows) {
        for (const bool views : {true, false}) {
            const Bytes file = synth_records(row.records);
            auto dump = open_bytes(file, views);
            ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
            for (const auto &[at, byte] : row.bytes)
                EXPECT_EQ(byte_at(**dump, 0x1000 + at), byte) << row.why << " at " << at;
            EXPECT_EQ(broken_promise(**dump), "") << row.why;
        }
    }
}

TEST(FlattenedShapes, WhatIsCutIsSaid) {
    const Bytes elf = synth_elf({{0x1000, Bytes(page_bytes, 0x11)}}, {});
    const Bytes whole = synth_records({{0, elf}});
    Bytes negative = synth_records({{0, elf}}, false);
    append_big_endian(negative, uint64_t{1} << 63);
    append_big_endian(negative, 17);
    Bytes sparse = synth_records({{0, elf}}, false);
    sparse.resize(sparse.size() + (1 << 20));  // records of no bytes at 0, so many that they end it
    append_big_endian(sparse, 0);
    append_big_endian(sparse, elf.size());
    append(sparse, Bytes(elf.size(), 0));
    const auto without = [](Bytes bytes, size_t last) {
        bytes.resize(bytes.size() - last);
        return bytes;
    };
    const struct {
        const char *why;
        Bytes file;
        bool incomplete;
        int last_byte;
    } rows[] = {
        {"whole", whole, false, 0x11},
        {"no end mark", without(whole, 16), true, 0x11},
        {"half an end mark", without(whole, 7), true, 0x11},
        {"a byte of the last record is missing", without(whole, 17), true, -1},
        {"a record at a negative offset", negative, true, 0x11},
        {"zeros without end", sparse, true, 0x11},
    };
    for (const auto &row : rows) {
        auto dump = open_bytes(row.file);
        ASSERT_TRUE(dump) << row.why << ": " << dump.error().what;
        EXPECT_EQ((*dump)->facts().incomplete, row.incomplete) << row.why;
        EXPECT_EQ(byte_at(**dump, 0x1ffe), 0x11) << row.why;
        EXPECT_EQ(byte_at(**dump, 0x1fff), row.last_byte) << row.why;
        EXPECT_TRUE((*dump)->has_page(1)) << row.why;
    }
}

}  // namespace
}  // namespace whydrop
