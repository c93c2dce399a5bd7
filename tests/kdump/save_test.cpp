// SPDX-License-Identifier: GPL-2.0-or-later
// A dump that is saved is the same dump: pages, notes, what was left out; and what it says when it
// could not be read or written as a whole.
#include "kdump/save/save.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <sstream>

#include "dump_walk.h"
#include "kdump/bytes.h"
#include "memory_target.h"

namespace whydrop {
namespace {

using kdump::page_bytes;
using kdump::SaveOptions;
using namespace test;

constexpr std::string_view kMemory = R"(
page 0x1000 fill 11
page 0x2000 fill 00
left 0x3000
page 0x5000 noise 5
page 0x6000 noise 6
page 0x8000 bytes 01 02 03 at 0x10
page 0x123456000 fill 77
vmcoreinfo OSRELEASE=6.1.0
vmcoreinfo NUMBER(phys_base)=4096
prstatus 01 02 03 04
prstatus 05 06 07 08
)";

const auto kNoProgress = [](const kdump::SaveProgress &) { return true; };

kdump::DumpOpener opener(const Bytes &file) {
    return [&file] { return open_bytes(file, false); };
}

Result<kdump::SaveReport> save(const Bytes &from, MemoryTarget &to, SaveOptions options = {}) {
    options.threads = 2;
    return kdump::save_to(opener(from), to, options, kNoProgress);
}

void expect_same_pages(kdump::Dump &dump, const SynthMemory &memory, const std::string &what) {
    uint64_t pages = 0;
    for (const auto &range : dump.ranges())
        pages += (range.end - range.begin) / page_bytes;
    EXPECT_EQ(pages, memory.pages.size()) << what;
    for (const auto &[pfn, page] : memory.pages) {
        std::array<uint8_t, page_bytes> read{};
        const auto done = dump.read(pfn * page_bytes, read);
        ASSERT_TRUE(done) << what << ": " << done.error().what;
        EXPECT_EQ(read, page) << what << ": page " << pfn;
    }
}

struct Form {
    const char *name;
    bool elf;
    uint32_t packing;
};
constexpr Form kForms[] = {
    {"zstd", false, kdump::packing::zstd}, {"zlib", false, kdump::packing::zlib},
    {"lzo", false, kdump::packing::lzo},   {"snappy", false, kdump::packing::snappy},
    {"", false, kdump::packing::none},     {"elf", true, kdump::packing::none},
};

TEST(Save, EveryFormatIntoEveryFormat) {
    const SynthMemory memory = synth_memory(kMemory);
    for (const SynthFile &from : synth_files(memory))
        for (const Form &form : kForms) {
            const std::string what = from.name + " as " + form.name;
            MemoryTarget target;
            const auto report =
                save(from.bytes, target, {.elf = form.elf, .packing = form.packing});
            ASSERT_TRUE(report) << what << ": " << report.error().what;
            EXPECT_FALSE(report->stopped) << what;
            EXPECT_EQ(report->written_pages, 6U) << what;
            EXPECT_EQ(report->zero_pages, 1U) << what;
            auto dump = open_bytes(target.file);
            ASSERT_TRUE(dump) << what << ": " << dump.error().what;
            expect_same_pages(**dump, memory, what);
            EXPECT_EQ(broken_promise(**dump), "") << what;
            const auto &facts = (*dump)->facts();
            EXPECT_EQ(facts.compression, form.elf ? "" : form.name) << what;
            EXPECT_FALSE(facts.incomplete) << what;
            EXPECT_EQ(facts.erased, "") << what;
            EXPECT_EQ(facts.file_bytes, report->file_bytes) << what;
        }
}

TEST(Save, NotesStay) {
    const SynthMemory memory = synth_memory(kMemory);
    for (const SynthFile &from : synth_files(memory)) {
        if (from.version != 0 && from.version < 4)
            continue;  // has none
        for (const Form &form : kForms) {
            MemoryTarget target;
            ASSERT_TRUE(save(from.bytes, target, {.elf = form.elf, .packing = form.packing}));
            auto dump = open_bytes(target.file);
            ASSERT_TRUE(dump);
            EXPECT_EQ((*dump)->facts().vmcoreinfo, memory.vmcoreinfo) << from.name << form.name;
            EXPECT_EQ((*dump)->facts().prstatus, memory.prstatus) << from.name << form.name;
            EXPECT_EQ((*dump)->facts().notes, synth_notes(memory)) << from.name << form.name;
        }
    }
}

// Of version 3 only the text is in the file: it becomes a note.
TEST(Save, VmcoreinfoWithoutANoteBecomesOne) {
    const SynthMemory memory = synth_memory(kMemory);
    const Bytes from = synth_kdump(memory, {.version = 3});
    MemoryTarget target;
    ASSERT_TRUE(save(from, target, {.elf = true}));
    auto dump = open_bytes(target.file);
    ASSERT_TRUE(dump);
    EXPECT_EQ((*dump)->facts().vmcoreinfo, memory.vmcoreinfo);
}

TEST(Save, WhatWasLeftOutIsStillSaidToBe) {
    const SynthMemory memory = synth_memory(kMemory);
    const Bytes from = synth_kdump(memory);
    MemoryTarget target;
    const auto report = save(from, target, {.dump_level = 1});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->machine_pages, 7U);
    EXPECT_EQ(report->dump_level, 31U) << "that of the input";
    auto dump = open_bytes(target.file);
    uint8_t byte = 0;
    const auto read = (*dump)->read(0x3000, {&byte, 1});
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().what.find("left out (dump level 31)"), std::string::npos)
        << read.error().what;
}

// What a kernel that cannot be found would leave out is copied, and that is said.
TEST(Save, WithoutAKernelAllIsCopied) {
    const Bytes from = synth_elf(synth_memory(kMemory));
    MemoryTarget target;
    const auto report = save(from, target);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->written_pages, 6U);
    EXPECT_NE(report->not_told, "");
    EXPECT_EQ(report->dump_level, 1U);
}

SynthMemory many_pages(uint64_t count) {
    std::ostringstream text;
    for (uint64_t pfn = 0; pfn < count; pfn++)
        if (pfn % 13 != 7)
            text << "page " << pfn * page_bytes << " bytes " << std::hex << pfn / 251 << " "
                 << pfn % 251 << std::dec << " at " << pfn % 4000 << "\n";
    return synth_memory(text.str());
}

TEST(Save, ManyBatchesOnManyThreadsStayInOrder) {
    const SynthMemory memory = many_pages(5003);
    const Bytes from = synth_kdump(memory, {.packing = 2});
    for (const unsigned threads : {1U, 2U, 7U})
        for (const size_t batch_pages : {1U, 7U, 256U}) {
            const SaveOptions options{.threads = threads, .batch_pages = batch_pages};
            MemoryTarget target;
            uint64_t seen = 0;
            const auto report = kdump::save_to(opener(from), target, options, [&](auto &progress) {
                EXPECT_GT(progress.pages, seen);
                seen = progress.pages;
                return true;
            });
            ASSERT_TRUE(report);
            EXPECT_EQ(seen, report->planned_pages);
            auto dump = open_bytes(target.file);
            ASSERT_TRUE(dump);
            expect_same_pages(**dump, memory, std::to_string(threads));
        }
}

// Refuses to read some pages of a file, as the kernel does, and to map some of these.
class RefusingCalls : public kdump::FileCalls {
  public:
    RefusingCalls(const Bytes &file, uint64_t unread, uint64_t unmapped, uint64_t page)
        : file_(file), unread_(unread), unmapped_(unmapped), page_(page) {}

    ssize_t read(uint64_t offset, std::span<uint8_t> to) override {
        const uint64_t bytes = std::min<uint64_t>(to.size(), page_bytes - offset % page_bytes);
        if (meets(offset, unread_))
            return -ENOMEM;
        return static_cast<ssize_t>(copy(offset, to.first(bytes)));
    }
    size_t copy_mapped(uint64_t offset, std::span<uint8_t> to) override {
        const uint64_t bytes = std::min<uint64_t>(to.size(), page_bytes - offset % page_bytes);
        return meets(offset, unmapped_) ? 0 : copy(offset, to.first(bytes));
    }

  private:
    // `page_`: where in the file the first page of memory is; the masks have a bit for each.
    [[nodiscard]] bool meets(uint64_t offset, uint64_t mask) const {
        return offset >= page_ && (mask >> (offset - page_) / page_bytes & 1) != 0;
    }
    size_t copy(uint64_t offset, std::span<uint8_t> to) {
        std::copy_n(file_.begin() + static_cast<long>(offset), to.size(), to.begin());
        return to.size();
    }

    const Bytes &file_;
    uint64_t unread_, unmapped_, page_;
};

// Five pages of memory, from offset 4096 of the file on: /proc/vmcore aligns them, too.
Bytes aligned_elf(const SynthMemory &memory) {
    const Bytes from = synth_elf(memory);
    MemoryTarget target;
    EXPECT_TRUE(save(from, target, {.elf = true}));
    return target.file;
}

TEST(Save, WhatCannotBeReadIsMappedAndElseAHole) {
    const SynthMemory memory = synth_memory(R"(
page 0x0000 fill 11
page 0x1000 fill 22
page 0x2000 fill 33
page 0x3000 fill 44
page 0x4000 fill 55)");
    const Bytes file = aligned_elf(memory);
    const uint64_t begin = file.size() - 5 * page_bytes;
    for (const Form &form : kForms) {
        MemoryTarget target;
        SaveOptions options{.elf = form.elf, .packing = form.packing};
        const auto open = [&] {
            return kdump::open_dump(kdump::read_by_calls(
                std::make_unique<RefusingCalls>(file, 0b11110, 0b01100, begin), file.size()));
        };
        const auto report = kdump::save_to(open, target, options, kNoProgress);
        ASSERT_TRUE(report) << report.error().what;
        EXPECT_FALSE(report->stopped);
        EXPECT_EQ(report->written_pages, 5U);
        EXPECT_EQ(report->zero_pages, 0U) << "holes are not counted among them";
        ASSERT_EQ(report->holes.pages(), 2U);
        ASSERT_EQ(report->holes.ranges().size(), 1U);
        EXPECT_EQ(report->holes.ranges()[0].begin, 0x2000U);
        EXPECT_EQ(report->holes.ranges()[0].end, 0x4000U);
        EXPECT_NE(report->first_hole.find("Cannot allocate memory"), std::string::npos);
        auto dump = open_bytes(target.file);
        ASSERT_TRUE(dump);
        EXPECT_EQ((*dump)->facts().erased, "hole 0x2000-0x4000\n") << form.name;
        const uint8_t expected[] = {0x11, 0x22, 0, 0, 0x55};
        for (uint64_t pfn = 0; pfn < 5; pfn++) {
            uint8_t byte = 0xee;
            ASSERT_TRUE((*dump)->read(pfn * page_bytes + 77, {&byte, 1}));
            EXPECT_EQ(byte, expected[pfn]) << form.name << " " << pfn;
        }
    }
}

TEST(Save, APageThatDoesNotUnpackIsAHole) {
    Bytes from = synth_kdump(synth_memory(kMemory));
    from.back() ^= 1;  // in the checksum of the last page
    MemoryTarget target;
    const auto report = save(from, target);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->holes.pages(), 1U);
    EXPECT_EQ(report->holes.ranges()[0].begin, 0x123456000U);
}

// As memory does that ends where a BIOS begins.
TEST(Save, AnEndWithinAPageKeepsItsBytes) {
    const Bytes from = synth_elf({{0x1000, Bytes(page_bytes + 1021, 0x5a)}}, {});
    MemoryTarget target;
    const auto report = save(from, target);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->holes.pages(), 0U);
    auto dump = open_bytes(target.file);
    std::array<uint8_t, page_bytes> page{};
    ASSERT_TRUE((*dump)->read(0x2000, page));
    EXPECT_EQ(std::count(page.begin(), page.end(), 0x5a), 1021);
    EXPECT_EQ(page[1020], 0x5a);
}

// Wherever the space ends: what was written can be read, the rest is said to be missing.
TEST(Save, AFullDiskKeepsWhatWasWritten) {
    const SynthMemory memory = many_pages(503);
    const Bytes from = synth_elf(memory);
    for (const bool elf : {false, true}) {
        const SaveOptions options{.elf = elf, .packing = kdump::packing::none, .batch_pages = 11};
        MemoryTarget whole;
        const uint64_t size = kdump::save_to(opener(from), whole, options, kNoProgress)->file_bytes;
        for (const uint64_t space : {size / 7, size / 2, size - 1}) {
            MemoryTarget target(space);
            const auto report = kdump::save_to(opener(from), target, options, kNoProgress);
            ASSERT_TRUE(report) << report.error().what;
            ASSERT_TRUE(report->stopped) << space;
            EXPECT_NE(report->stopped->what.find("No space left"), std::string::npos);
            EXPECT_LT(report->written_pages, report->planned_pages);
            EXPECT_GE(report->written_pages * page_bytes + 11 * page_bytes + size / 7, space);
            auto dump = open_bytes(target.file);
            ASSERT_TRUE(dump) << dump.error().what;
            EXPECT_TRUE((*dump)->facts().incomplete);
            uint64_t index = 0;
            for (const auto &[pfn, page] : memory.pages) {
                std::array<uint8_t, page_bytes> read{};
                const auto done = (*dump)->read(pfn * page_bytes, read);
                const bool written = index++ < report->written_pages;
                EXPECT_TRUE(!written || (done && read == page)) << pfn;
                EXPECT_TRUE(written || elf || !done) << pfn;
            }
        }
    }
}

TEST(Save, WithoutSpaceForHeadersThereIsNoReport) {
    const Bytes from = synth_elf(synth_memory(kMemory));
    for (const bool elf : {false, true}) {
        MemoryTarget target(100);
        const auto report = save(from, target, {.elf = elf});
        ASSERT_FALSE(report);
        EXPECT_EQ(report.error().code, Errc::failed);
    }
}

TEST(Save, ItStopsWhenItIsTold) {
    const SynthMemory memory = many_pages(503);
    const Bytes from = synth_elf(memory);
    MemoryTarget target;
    const auto report = kdump::save_to(opener(from), target, {.batch_pages = 11},
                                       [](auto &progress) { return progress.pages < 100; });
    ASSERT_TRUE(report);
    ASSERT_TRUE(report->stopped);
    EXPECT_EQ(report->written_pages, 110U);
    EXPECT_TRUE((*open_bytes(target.file))->facts().incomplete);
}

}  // namespace
}  // namespace whydrop
