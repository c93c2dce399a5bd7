// SPDX-License-Identifier: GPL-2.0-or-later
// ELF cores of a machine (ELF-64 specification; the kernel's fs/proc/vmcore.c, QEMU's dump.c).
// Program headers are where e_phoff says: QEMU 7.2 puts section headers first and has 8 in
// e_ehsize. Of memory that two segments have, as the kernel's image in /proc/vmcore, the first in
// the file is believed: a cut file may lack the other.
#include <elf.h>

#include <algorithm>

#include "kdump/bytes.h"
#include "kdump/format/formats.h"
#include "kdump/format/notes.h"
#include "kdump/format/pieces.h"

namespace whydrop::kdump {

namespace {

// makedumpfile begins a new segment where 256 pages or more are left out: enough for 4 TiB of the
// worst pattern. A header may claim 1000 times as many.
constexpr uint64_t kMostSegments = 1 << 22;
constexpr uint64_t kNoAddress = UINT64_MAX;  // p_paddr of a segment that is no memory

// What of the pieces the file has bytes for.
std::vector<Range> present(const Pieces &pieces, uint64_t size) {
    std::vector<Range> found;
    for (const Piece &piece : pieces) {
        if (piece.at >= size)
            continue;
        const uint64_t end = piece.begin + std::min(piece.end - piece.begin, size - piece.at);
        if (!found.empty() && found.back().end == piece.begin)
            found.back().end = end;
        else
            found.push_back({piece.begin, end});
    }
    return found;
}

class ElfDump : public Dump {
  public:
    ElfDump(std::unique_ptr<Source> source, DumpFacts facts, Pieces pieces, Pieces machine)
        : source_(std::move(source)), pieces_(std::move(pieces)), machine_(std::move(machine)) {
        facts_ = std::move(facts);
    }

    Status read(uint64_t paddr, std::span<uint8_t> to) override;
    [[nodiscard]] bool has_page(uint64_t pfn) const override;
    [[nodiscard]] std::vector<Range> ranges() const override {
        return present(pieces_, source_->size_bytes());
    }
    [[nodiscard]] std::vector<Range> machine_ranges() override {
        return present(machine_, UINT64_MAX);
    }

  private:
    Status which_page(const Piece &piece, uint64_t paddr, std::span<uint8_t> to);

    std::unique_ptr<Source> source_;
    Pieces pieces_, machine_;
};

// What of one piece could not be read, page by page.
Status ElfDump::which_page(const Piece &piece, uint64_t paddr, std::span<uint8_t> to) {
    while (!to.empty()) {
        const auto bytes = std::min<uint64_t>(to.size(), page_bytes - paddr % page_bytes);
        if (auto done = source_->read(piece.offset_of(paddr), to.first(bytes)); !done)
            return page_error(pfn_of(paddr), "cannot be read: " + done.error().what);
        to = to.subspan(bytes);
        paddr += bytes;
    }
    return success();
}

Status ElfDump::read(uint64_t paddr, std::span<uint8_t> to) {
    for (auto piece = pieces_.at_or_after(paddr); !to.empty(); ++piece) {
        if (piece == pieces_.end() || paddr < piece->begin)
            return page_error(pfn_of(paddr), "is not in the dump");
        const uint64_t bytes = std::min<uint64_t>(to.size(), piece->end - paddr);
        if (auto done = source_->read(piece->offset_of(paddr), to.first(bytes)); !done)
            if (auto again = which_page(*piece, paddr, to.first(bytes)); !again)
                return again;
        to = to.subspan(bytes);
        paddr += bytes;
    }
    return success();
}

// All of the page, maybe in several pieces.
bool ElfDump::has_page(uint64_t pfn) const {
    if (pfn > pfn_of(UINT64_MAX) - 1)
        return false;
    uint64_t at = pfn * page_bytes;
    const uint64_t end = at + page_bytes;
    for (auto piece = pieces_.at_or_after(at); piece != pieces_.end() && piece->begin <= at;
         ++piece) {
        at = piece->end;
        if (at >= end)
            return true;
    }
    return false;
}

Status check_header(const Elf64_Ehdr &header) {
    if (header.e_ident[EI_DATA] == ELFDATA2MSB)
        return other_machine(machine_name(__builtin_bswap16(header.e_machine)) + ", big-endian");
    if (header.e_machine != EM_X86_64)
        return other_machine(machine_name(header.e_machine));
    if (header.e_ident[EI_CLASS] != ELFCLASS64)
        return other_machine("32-bit");
    if (header.e_type != ET_CORE)
        return Error{Errc::usage, "no kernel dump: an ELF file, but a program and no core",
                     "the dump is often called vmcore; vmlinux is the kernel it came from"};
    if (header.e_phentsize < sizeof(Elf64_Phdr))
        return Error{Errc::failed,
                     "its ELF program headers have " + std::to_string(header.e_phentsize) +
                         " bytes each, which is too few",
                     ""};
    return success();
}

// More than 65534 do not fit into e_phnum: then section 0 has the number.
Result<uint64_t> count_segments(Source &source, const Elf64_Ehdr &header) {
    uint64_t count = header.e_phnum;
    if (count == PN_XNUM) {
        if (header.e_shoff == 0)
            return Error{Errc::failed,
                         "the number of its ELF segments is in no section: there is none", ""};
        Elf64_Shdr section{};
        if (auto done = source.read(header.e_shoff, bytes_of(section)); !done)
            return Error{Errc::failed,
                         "the number of its ELF segments cannot be read: " + done.error().what, ""};
        count = section.sh_info;
    }
    const uint64_t size = source.size_bytes();
    if (header.e_phoff > size || count > (size - header.e_phoff) / header.e_phentsize)
        return Error{Errc::failed,
                     "its ELF program headers are cut: " + file_ends(size).what + ", and " +
                         std::to_string(count) + " of them begin at " +
                         std::to_string(header.e_phoff),
                     ""};
    if (count > kMostSegments)
        return Error{Errc::failed, std::to_string(count) + " ELF segments are too many", ""};
    return count;
}

struct Segments {
    std::vector<Piece> memory;
    std::vector<Piece> machine;  // with what was left out
    Notes notes;
    std::vector<uint8_t> note_file;  // all of them
    bool cut = false;
};

Status add_segment(Source &source, const Elf64_Phdr &segment, Segments &found) {
    const auto end = sum(segment.p_offset, segment.p_filesz);
    if (segment.p_type != PT_LOAD && segment.p_type != PT_NOTE)
        return success();
    if (!end)
        return Error{Errc::failed, "an ELF segment reaches past 2^64 in the file", ""};
    if (*end > source.size_bytes())
        found.cut = true;
    if (segment.p_type == PT_NOTE) {
        if (found.note_file.size() >= most_note_bytes)
            return success();  // many headers that claim the same bytes
        const auto notes = fetch_notes(source, segment.p_offset, segment.p_filesz);
        read_notes(notes, found.notes);
        found.note_file.insert(found.note_file.end(), notes.begin(), notes.end());
        return success();
    }
    if (segment.p_paddr == kNoAddress)
        return success();
    const auto last = sum(segment.p_paddr, segment.p_filesz);
    if (!last)
        return Error{Errc::failed, "an ELF segment reaches past the end of all addresses", ""};
    // What p_memsz has beyond p_filesz was left out, and is not zero as in a program.
    found.memory.push_back({segment.p_paddr, *last, segment.p_offset});
    const auto all = sum(segment.p_paddr, segment.p_memsz);
    found.machine.push_back({segment.p_paddr, std::max(*last, all.value_or(0)), 0});
    return success();
}

Result<Segments> read_segments(Source &source, const Elf64_Ehdr &header) {
    const auto count = count_segments(source, header);
    if (!count)
        return count.error();
    Segments found;
    for (uint64_t i = 0; i < *count; i++) {
        Elf64_Phdr segment{};
        const uint64_t at = header.e_phoff + i * header.e_phentsize;
        if (auto done = source.read(at, bytes_of(segment)); !done)
            return done.error();
        if (auto done = add_segment(source, segment, found); !done)
            return done.error();
    }
    return found;
}

}  // namespace

bool is_elf(std::span<const uint8_t> head) {
    return begins_with(head, ELFMAG);
}

Result<std::unique_ptr<Dump>> open_elf(std::unique_ptr<Source> source) {
    Elf64_Ehdr header{};
    if (auto done = source->read(0, bytes_of(header)); !done)
        return Error{Errc::failed, "its ELF header is cut: " + done.error().what, ""};
    if (auto checked = check_header(header); !checked)
        return checked.error();
    auto segments = read_segments(*source, header);
    if (!segments)
        return segments.error();
    if (segments->notes.of_a_process)
        return Error{Errc::usage, "no kernel dump: the core of a process", ""};
    Pieces pieces(std::move(segments->memory), Overlap::first_in_file);
    if (pieces.empty())
        return Error{Errc::failed, "it is an ELF core without any memory in it", ""};
    DumpFacts facts = facts_of(*source, "ELF");
    constexpr uint32_t marked_incomplete = 1;  // by makedumpfile
    facts.incomplete |= segments->cut || (header.e_flags & marked_incomplete) != 0;
    for (const Range &range : present(pieces, source->size_bytes()))
        facts.pages += (range.end - range.begin) / page_bytes;
    facts.vmcoreinfo = std::move(segments->notes.vmcoreinfo);
    facts.prstatus = std::move(segments->notes.prstatus);
    facts.erased = std::move(segments->notes.erased);
    facts.notes = std::move(segments->note_file);
    Pieces machine(std::move(segments->machine), Overlap::first_in_file);
    return std::unique_ptr<Dump>(std::make_unique<ElfDump>(std::move(source), std::move(facts),
                                                           std::move(pieces), std::move(machine)));
}

}  // namespace whydrop::kdump
