// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>

#include "bytes_writer.h"
#include "synth.h"

namespace whydrop::test {

namespace {

using kdump::page_bytes;

Elf64_Ehdr header_of(size_t segments, const ElfShape &shape) {
    Elf64_Ehdr header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_CORE;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ehsize = shape.like_qemu ? 8 : sizeof header;
    const bool sections = shape.like_qemu || shape.many_segments;
    header.e_shoff = sections ? sizeof header : 0;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = sections ? 2 : 0;
    header.e_phoff = sizeof header + header.e_shnum * sizeof(Elf64_Shdr);
    header.e_phentsize = shape.segment_stride;
    header.e_phnum = shape.many_segments ? PN_XNUM : static_cast<uint16_t>(segments);
    return header;
}

}  // namespace

Bytes synth_elf(const std::vector<ElfSegment> &segments, const Bytes &notes,
                const ElfShape &shape) {
    const Elf64_Ehdr header = header_of(segments.size() + 1, shape);
    Bytes out;
    put(out, 0, header);
    if (header.e_shoff != 0) {
        Elf64_Shdr section{};
        section.sh_info = static_cast<uint32_t>(segments.size() + 1);
        put(out, header.e_shoff, section);
    }
    out.resize(header.e_phoff + (segments.size() + 1) * shape.segment_stride);
    Elf64_Phdr note{};
    note.p_type = PT_NOTE;
    note.p_offset = out.size();
    note.p_filesz = note.p_memsz = notes.size();
    put(out, header.e_phoff, note);
    append(out, notes);
    size_t at = header.e_phoff;
    for (const ElfSegment &segment : segments) {
        Elf64_Phdr load{};
        load.p_type = PT_LOAD;
        load.p_offset = out.size();
        load.p_paddr = segment.paddr;
        load.p_filesz = segment.bytes.size();
        load.p_memsz = std::max<uint64_t>(segment.memory_bytes, load.p_filesz);
        put(out, at += shape.segment_stride, load);
        append(out, segment.bytes);
    }
    return out;
}

Bytes synth_elf(const SynthMemory &memory, const ElfShape &shape) {
    std::vector<ElfSegment> segments;
    uint64_t next = 0;  // page behind the last run
    for (const auto &[pfn, page] : memory.pages) {
        if (segments.empty() || pfn != next)
            segments.push_back({pfn * page_bytes, {}});
        append(segments.back().bytes, {page.begin(), page.end()});
        next = pfn + 1;
    }
    for (ElfSegment &segment : segments) {
        uint64_t end = (segment.paddr + segment.bytes.size()) / page_bytes;
        while (memory.left_out.contains(end))
            end++;
        segment.memory_bytes = end * page_bytes - segment.paddr;
    }
    return synth_elf(segments, synth_notes(memory), shape);
}

}  // namespace whydrop::test
