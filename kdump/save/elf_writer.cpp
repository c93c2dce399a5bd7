// SPDX-License-Identifier: GPL-2.0-or-later
// ELF, with addresses as /proc/vmcore has them: the kernel's image, and all memory where it is
// mapped. Pages of zeros are gaps of the file that take no space on the disk.
#include <elf.h>

#include <algorithm>
#include <cstring>

#include "kdump/bytes.h"
#include "kdump/save/note_bytes.h"
#include "kdump/save/writer.h"

namespace whydrop::kdump {

namespace {

constexpr uint32_t marked_incomplete = 1;  // in e_flags, by makedumpfile
constexpr size_t erased_bytes = 4096;      // kept for what is known at the end only

template <typename T>
std::span<const uint8_t> array_bytes(const std::vector<T> &array) {
    return {reinterpret_cast<const uint8_t *>(array.data()), array.size() * sizeof(T)};
}

class ElfWriter : public DumpWriter {
  public:
    ElfWriter(Target &target, DumpHead head, const PageSet &pages)
        : target_(target), head_(std::move(head)), pages_(pages) {}

    Status begin() override;
    Status add(const Batch &batch) override;
    Status end(bool complete, const Holes &holes) override;

  private:
    void add_segment(uint64_t first_page, uint64_t end_page);
    void add_image();
    Status write_header(bool complete);
    Status write_holes(const Holes &holes);
    [[nodiscard]] uint64_t offset_of(uint64_t pfn);

    Target &target_;
    DumpHead head_;
    const PageSet &pages_;
    std::vector<Elf64_Phdr> segments_;  // the notes, the memory, the kernel's image if it is known
    size_t current_ = 0;                // the one that is written to
    uint64_t notes_at_ = 0;
};

// p_align stays 0: with another one crash takes the file for a netdump. p_memsz is not larger for
// what was left out behind: crash reads that as zeros, and makedumpfile looks for it in the file.
void ElfWriter::add_segment(uint64_t first_page, uint64_t end_page) {
    Elf64_Phdr segment{};
    segment.p_type = PT_LOAD;
    segment.p_offset = file_bytes_;  // behind the headers
    segment.p_flags = PF_R | PF_W | PF_X;
    segment.p_paddr = first_page * page_bytes;
    segment.p_vaddr = head_.direct_map ? head_.direct_map + segment.p_paddr : 0;
    segment.p_filesz = segment.p_memsz = (end_page - first_page) * page_bytes;
    file_bytes_ += segment.p_filesz;
    segments_.push_back(segment);
}

// The same bytes of the file once more, under the addresses that the kernel's symbols have. Last:
// crash takes the first segment's offset for the end of all headers.
void ElfWriter::add_image() {
    const size_t memory = segments_.size();
    for (size_t i = 1; i < memory; i++) {
        Elf64_Phdr part = segments_[i];
        const uint64_t begin = std::max(part.p_paddr, head_.image.begin);
        const uint64_t end = std::min(part.p_paddr + part.p_filesz, head_.image.end);
        if (begin >= end)
            continue;
        part.p_offset += begin - part.p_paddr;
        part.p_vaddr = head_.image_address + (begin - head_.image.begin);
        part.p_paddr = begin;
        part.p_filesz = part.p_memsz = end - begin;
        segments_.push_back(part);
    }
}

Status ElfWriter::begin() {
    segments_.assign(1, Elf64_Phdr{});
    for (uint64_t page = pages_.next(0); page < pages_.limit();) {
        const uint64_t end = pages_.next_missing(page);
        add_segment(page, end);
        page = pages_.next(end);
    }
    current_ = 1;
    add_image();
    notes_at_ = sizeof(Elf64_Ehdr) + segments_.size() * sizeof(Elf64_Phdr) + sizeof(Elf64_Shdr);
    const std::vector<uint8_t> &notes = head_.notes;
    segments_[0].p_type = PT_NOTE;
    segments_[0].p_offset = notes_at_;
    segments_[0].p_filesz = segments_[0].p_memsz = notes.size();
    const uint64_t data = rounded_up(notes_at_ + notes.size() + erased_bytes, page_bytes);
    file_bytes_ += data;
    for (size_t i = 1; i < segments_.size(); i++)
        segments_[i].p_offset += data;
    for (const Status &done : {target_.reserve(data), write_header(false),
                               target_.write(sizeof(Elf64_Ehdr), array_bytes(segments_)),
                               target_.write(notes_at_, notes)})
        if (!done)
            return done;
    return success();
}

// More segments than e_phnum holds are counted in section 0, which lies behind them.
Status ElfWriter::write_header(bool complete) {
    const bool many = segments_.size() >= PN_XNUM;
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_CORE;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_flags = complete ? 0 : marked_incomplete;
    header.e_ehsize = sizeof header;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = many ? PN_XNUM : static_cast<uint16_t>(segments_.size());
    if (many) {
        Elf64_Shdr section{};
        section.sh_info = static_cast<uint32_t>(segments_.size());
        header.e_shoff = notes_at_ - sizeof section;
        header.e_shentsize = sizeof section;
        header.e_shnum = 1;
        if (auto done = target_.write(header.e_shoff, bytes_of(section)); !done)
            return done;
    }
    return target_.write(0, bytes_of(header));
}

// Pages come in the order of their numbers.
uint64_t ElfWriter::offset_of(uint64_t pfn) {
    const uint64_t paddr = pfn * page_bytes;
    while (paddr >= segments_[current_].p_paddr + segments_[current_].p_filesz)
        current_++;
    return segments_[current_].p_offset + (paddr - segments_[current_].p_paddr);
}

Status ElfWriter::add(const Batch &batch) {
    uint64_t offset = 0;  // of the bytes in `run`
    size_t run = 0, used = 0;
    const auto write_run = [&] {
        const auto bytes = batch.data.subspan(used, run);
        used += run;
        run = 0;
        return target_.write(offset, bytes);
    };
    uint64_t zeros = 0;
    for (const PackedPage &page : batch.pages) {
        const uint64_t at = offset_of(page.pfn);
        if (run != 0 && (page.bytes == 0 || at != offset + run))
            if (auto done = write_run(); !done)
                return done;
        if (run == 0)
            offset = at;
        run += page.bytes;
        zeros += page.bytes == 0 && !page.hole;
    }
    if (auto done = write_run(); !done)
        return done;
    written_ += batch.pages.size();
    zeros_ += zeros;
    return success();
}

// A note more than there was at the beginning. Without holes there is none: crash warns of it.
Status ElfWriter::write_holes(const Holes &holes) {
    const std::string text = holes.text(erased_bytes / 2);
    std::vector<uint8_t> note;
    append_note(note, "ERASEINFO", {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
    Elf64_Phdr &notes = segments_[0];
    if (auto done = target_.write(notes.p_offset + notes.p_filesz, note); !done)
        return done;
    notes.p_filesz = notes.p_memsz = notes.p_filesz + note.size();
    return target_.write(sizeof(Elf64_Ehdr), bytes_of(notes));
}

Status ElfWriter::end(bool complete, const Holes &holes) {
    if (holes.pages())
        if (auto done = write_holes(holes); !done)
            return done;
    if (complete)
        if (auto done = target_.resize(file_bytes_); !done)
            return done;
    return write_header(complete);
}

}  // namespace

std::unique_ptr<DumpWriter> elf_writer(Target &target, DumpHead head, const PageSet &pages) {
    return std::make_unique<ElfWriter>(target, std::move(head), pages);
}

}  // namespace whydrop::kdump
