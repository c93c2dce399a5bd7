// SPDX-License-Identifier: GPL-2.0-or-later
// A dump of a machine's physical memory, whatever the file's format.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kdump/format/source.h"
#include "sys/result.h"

namespace whydrop::kdump {

constexpr uint32_t page_bytes = 4096;  // on the one architecture there is
constexpr uint64_t pfn_of(uint64_t paddr) {
    return paddr / page_bytes;
}

// Physical addresses, [begin, end).
struct Range {
    uint64_t begin = 0, end = 0;
};

// What the file says beside the memory.
struct DumpFacts {
    std::string format;       // "ELF", "kdump compressed", "flattened kdump compressed", ...
    std::string compression;  // of the pages that were met first: "zlib"; empty: none, or not known
    uint64_t file_bytes = 0;
    uint64_t pages = 0;                  // in the file
    std::optional<uint32_t> dump_level;  // makedumpfile's -d; absent: the format does not say
    bool incomplete = false;  // the writer marked it so, or the file is shorter than it claims
    std::string vmcoreinfo;   // its text; empty: the headers have none
    std::vector<std::vector<uint8_t>>
        prstatus;                // of each CPU, as NT_PRSTATUS has it, in file order
    std::vector<uint8_t> notes;  // all of them, as ELF has notes; empty: the format has none
    std::string erased;          // what was made zeros: lines of text
};

class Dump {
  public:
    virtual ~Dump() = default;

    [[nodiscard]] const DumpFacts &facts() const { return facts_; }

    // All bytes or an error: failed, and which page is missing and why ("page 0x1234 is not in the
    // dump", "page 0x1234 cannot be unpacked: its zlib data is damaged or cut").
    virtual Status read(uint64_t paddr, std::span<uint8_t> to) = 0;
    // Does the file claim to have it?
    [[nodiscard]] virtual bool has_page(uint64_t pfn) const = 0;
    // What of the memory is there, ascending and not touching each other.
    [[nodiscard]] virtual std::vector<Range> ranges() const = 0;
    // The same with what was left out of the file, as far as it says so.
    [[nodiscard]] virtual std::vector<Range> machine_ranges() { return ranges(); }

  protected:
    DumpFacts facts_;
};

// Recognises the format by its first bytes. Errors: usage for what is no dump, or one of another
// architecture; failed for a header that contradicts itself.
Result<std::unique_ptr<Dump>> open_dump(const std::string &path);
Result<std::unique_ptr<Dump>> open_dump(std::unique_ptr<Source> source);

}  // namespace whydrop::kdump
