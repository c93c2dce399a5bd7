// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps made up from a few lines of text, in every format there is. One line each:
//
//   page ADDRESS fill BYTE                     a page of that byte
//   page ADDRESS bytes BYTE... [at OFFSET]     a page of zeros with those bytes in it
//   page ADDRESS noise SEED                    a page that no packing makes smaller
//   left ADDRESS                               the machine has it, the dump does not
//   vmcoreinfo LINE                            a line of VMCOREINFO
//   prstatus BYTE...                           NT_PRSTATUS of the next CPU
//   # ...                                      nothing
//
// Numbers as C has them, bytes in hex: "page 0x5000 bytes 01 02 03 at 0x10".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdump/format/dump.h"
#include "kdump/format/source.h"

namespace whydrop::test {

using Bytes = std::vector<uint8_t>;

struct SynthMemory {
    std::map<uint64_t, std::array<uint8_t, kdump::page_bytes>> pages;  // by page number
    std::set<uint64_t> left_out;                                       // page numbers
    std::string vmcoreinfo;
    std::vector<Bytes> prstatus;
};

// Throws std::invalid_argument with the line that is wrong.
SynthMemory synth_memory(std::string_view text);

// The notes of that memory, as every format has them.
Bytes synth_notes(const SynthMemory &memory);
Bytes synth_note(std::string_view name, uint32_t type, const Bytes &body);

struct ElfSegment {
    uint64_t paddr = 0;
    Bytes bytes;
    uint64_t memory_bytes = 0;  // p_memsz, where it is more than the bytes
};

struct ElfShape {
    bool like_qemu = false;        // section headers first, and e_ehsize 8
    bool many_segments = false;    // e_phnum 0xffff, the count in section 0
    uint16_t segment_stride = 56;  // e_phentsize
};

Bytes synth_elf(const std::vector<ElfSegment> &segments, const Bytes &notes,
                const ElfShape &shape = {});
// A segment for each run of pages; what was left out is in p_memsz of the run before it.
Bytes synth_elf(const SynthMemory &memory, const ElfShape &shape = {});

struct KdumpShape {
    std::string signature = "KDUMP   ";
    uint32_t version = 6;
    uint32_t packing = 1;  // a flag of the page descriptors; 0: none
    uint32_t block_bytes = kdump::page_bytes;
    uint32_t status = 0;
    std::string machine = "x86_64";
    bool one_bitmap = false;
    std::optional<std::pair<uint64_t, uint64_t>> part = {};  // of a split dump: first and end page
};

// Pages that packing does not shrink are stored as they are, and of pages of zeros there is one.
Bytes synth_kdump(const SynthMemory &memory, const KdumpShape &shape = {});

// In records of that many bytes, the last ones first, and the first one once more at the end, as
// makedumpfile does when it knows at last what to put into the header.
Bytes synth_flattened(const Bytes &file, size_t record_bytes = 4099);
// A flattened file of these records: offset and bytes.
using Records = std::vector<std::pair<uint64_t, Bytes>>;
Bytes synth_records(const Records &records, bool end_mark = true);

// A name and a file, of the same memory: ELF in its shapes, kdump in every version and with every
// packing, and each of them flattened.
struct SynthFile {
    std::string name;
    std::string format, compression;  // as DumpFacts has them
    uint32_t version = 0;             // of kdump; 0: none
    Bytes bytes;
};
std::vector<SynthFile> synth_files(const SynthMemory &memory);

// Bytes as a file. Without `views`, as one that cannot be mapped.
class BytesSource : public kdump::Source {
  public:
    explicit BytesSource(std::span<const uint8_t> bytes, bool views = true)
        : bytes_(bytes), views_(views) {}
    [[nodiscard]] uint64_t size_bytes() const override { return bytes_.size(); }
    Status read(uint64_t offset, std::span<uint8_t> to) override;
    [[nodiscard]] std::span<const uint8_t> view(uint64_t offset, uint64_t bytes) const override;

  private:
    std::span<const uint8_t> bytes_;
    bool views_;
};

// The bytes must outlive the dump.
Result<std::unique_ptr<kdump::Dump>> open_bytes(std::span<const uint8_t> bytes, bool views = true);

}  // namespace whydrop::test
