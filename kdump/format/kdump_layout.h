// SPDX-License-Identifier: GPL-2.0-or-later
// What lies in the headers of a kdump-compressed dump, byte by byte, on x86-64 (makedumpfile's
// diskdump_mod.h, which crash and QEMU follow). For the reader, and for the writer in kdump/save.
#pragma once

#include <cstddef>
#include <cstdint>

namespace whydrop::kdump {

constexpr uint32_t kdump_newest_version = 6;
constexpr uint32_t kdump_incomplete = 8;  // of the status: the writer ran out of space
constexpr uint64_t kdump_most_pages = uint64_t{1} << 36;  // 256 TiB; 4 levels address 64

// struct disk_dump_header: the first block begins with it.
struct KdumpMainHeader {
    struct Names {  // struct new_utsname
        char system[65], node[65], release[65], version[65], machine[65], domain[65];
    };
    char signature[8];
    uint32_t version;
    Names names;
    char padding[6];
    int64_t seconds, microseconds;
    uint32_t status;  // with the packing of most pages, as a descriptor has it
    uint32_t block_bytes, sub_header_blocks;
    uint32_t bitmap_blocks;  // of both bitmaps
    uint32_t pages;          // those of the machine are below; wrong where 32 bits do not hold it
    uint32_t memory_blocks, device_blocks, written_blocks, current_cpu, cpus;
};
static_assert(offsetof(KdumpMainHeader, names.machine) == 12 + 4 * 65);
static_assert(offsetof(KdumpMainHeader, status) == 424);
static_assert(sizeof(KdumpMainHeader) == 464);

// Bytes of the file.
struct Extent {
    uint64_t offset = 0, bytes = 0;
};

// struct kdump_sub_header: the second block. In brackets the version that brought it.
struct KdumpSubHeader {
    uint64_t phys_base;
    uint32_t dump_level;                         // [1]
    uint32_t split;                              // [2]
    uint64_t first_page, end_page;               // of this part of a split dump
    Extent vmcoreinfo;                           // [3] its text
    Extent notes;                                // [4]
    Extent erased;                               // [5] lines of text: what was made zeros
    uint64_t first_page64, end_page64, pages64;  // [6] in place of the narrower ones
};
static_assert(offsetof(KdumpSubHeader, notes) == 48);
static_assert(sizeof(KdumpSubHeader) == 104);

// struct page_desc: of each page in the file, in the order of their numbers.
struct KdumpPage {
    uint64_t offset;
    uint32_t bytes, flags;  // how it is packed: unpack.h
    uint64_t page_flags;
};
static_assert(sizeof(KdumpPage) == 24);

}  // namespace whydrop::kdump
