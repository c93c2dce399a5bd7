// SPDX-License-Identifier: GPL-2.0-or-later
// Writes pages in a format. What lies in the file is a dump that can be opened from begin() on,
// incomplete until end() has said otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kdump/format/dump.h"
#include "kdump/save/out_file.h"
#include "kdump/save/page_set.h"
#include "kdump/save/pipeline.h"
#include "sys/result.h"

namespace whydrop::kdump {

// What a dump says beside its pages.
struct DumpHead {
    std::string node, release, version;  // of the dead kernel; empty: not known
    std::string vmcoreinfo;
    std::vector<uint8_t> notes;  // with VMCOREINFO among them
    uint32_t cpus = 0;           // with a note
    uint64_t phys_base = 0;
    uint32_t dump_level = 0;
    uint32_t packing = 0;
    uint64_t time_unix_s = 0;
    uint64_t direct_map = 0;     // where all memory is mapped; 0: not known
    uint64_t image_address = 0;  // of the kernel's image
    Range image;                 // and where that lies; empty: not known
};

// Memory that could not be read, and is zeros in the file: merged, ascending.
class Holes {
  public:
    void add(uint64_t pfn);
    [[nodiscard]] const std::vector<Range> &ranges() const { return ranges_; }
    [[nodiscard]] uint64_t pages() const { return pages_; }
    // A line for each, as a dump carries them, of at most so many bytes: "hole 0x1000-0x3000".
    [[nodiscard]] std::string text(size_t most_bytes) const;

  private:
    std::vector<Range> ranges_;
    uint64_t pages_ = 0;
};

class DumpWriter {
  public:
    virtual ~DumpWriter() = default;
    // Errors of all: failed, as the target gives them.
    virtual Status begin() = 0;
    // Either all pages of the batch are in the file, or none.
    virtual Status add(const Batch &batch) = 0;
    // `complete`: no page is missing.
    virtual Status end(bool complete, const Holes &holes) = 0;

    [[nodiscard]] uint64_t file_bytes() const { return file_bytes_; }
    [[nodiscard]] uint64_t written_pages() const { return written_; }
    // Of these, those that took no space: of zeros there is one page for all, or a gap.
    [[nodiscard]] uint64_t zero_pages() const { return zeros_; }

  protected:
    uint64_t file_bytes_ = 0, written_ = 0, zeros_ = 0;
};

// The sets are those of the machine's pages and of those that are to be written; both outlive the
// writer, and so does the target.
std::unique_ptr<DumpWriter> kdump_writer(Target &target, DumpHead head, const PageSet &machine,
                                         const PageSet &pages);
std::unique_ptr<DumpWriter> elf_writer(Target &target, DumpHead head, const PageSet &pages);
// A run of fewer pages is not left out of ELF, where every gap costs a segment and readers look
// through all of them.
constexpr uint64_t elf_least_gap = 256;

}  // namespace whydrop::kdump
