// SPDX-License-Identifier: GPL-2.0-or-later
// The headers of a kdump-compressed dump (kdump_layout.h), looked at. In blocks: one with the
// header, some with the sub-header, the bitmap of the pages that the machine has, that of the pages
// in the file, then 24 bytes for each of these.
#pragma once

#include <cstdint>
#include <optional>

#include "kdump/format/kdump_layout.h"
#include "kdump/format/source.h"

namespace whydrop::kdump {

struct KdumpHeader {
    uint32_t version = 0;
    bool diskdump = false;     // the ancestor, with a sub-header that has none of the rest
    uint32_t block_bytes = 0;  // and of a page: a power of 2, 4096 or more
    bool incomplete = false;   // the writer ran out of space
    uint64_t page_limit = 0;   // page numbers of the machine are below it
    Extent machine_pages;      // bitmap, bit 0 of byte 0 is page 0; no bytes: there is only one
    Extent dumped_pages;       // bitmap
    uint64_t descriptors = 0;  // offset
    std::optional<uint32_t> dump_level;     // version 1 and later
    bool split = false;                     // 2: only the pages of the next line are in this file,
    uint64_t first_page = 0, end_page = 0;  // [first, end); else all below page_limit
    Extent vmcoreinfo;                      // 3
    Extent notes;                           // 4
    Extent erased;                          // 5
};

// Errors: usage for one of another architecture; failed for a cut header, or one that contradicts
// itself. The bitmaps may still reach past the end of the file.
Result<KdumpHeader> read_kdump_header(Source &source);

}  // namespace whydrop::kdump
