// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/kdump_header.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <string>

#include "kdump/bytes.h"
#include "kdump/format/formats.h"

namespace whydrop::kdump {

namespace {

constexpr uint32_t kLeastBlock = 4096, kMostBlock = 65536;

Error contradiction(const std::string &what) {
    return {Errc::failed, "its kdump header contradicts itself: " + what, ""};
}

Status check_machine(const KdumpMainHeader &header) {
    const auto &name = header.names.machine;
    const std::string machine(name, std::find(name, std::end(name), '\0'));
    // QEMU does not know what the guest would have said.
    if (!machine.empty() && machine != "Unknown" && machine != "x86_64")
        return other_machine(machine);
    if (header.version > kdump_newest_version &&
        __builtin_bswap32(header.version) <= kdump_newest_version)
        return other_machine("big-endian");
    // Fields were only ever appended: a later version reads as the newest that is known.
    return success();
}

void read_sub_header(const KdumpSubHeader &from, KdumpHeader &header) {
    const bool wide = header.version >= 6;  // page numbers of 64 bits wherever they were 32
    if (header.version >= 1)
        header.dump_level = from.dump_level;
    if (header.version >= 2 && from.split != 0) {
        header.split = true;
        header.first_page = wide ? from.first_page64 : from.first_page;
        header.end_page = wide ? from.end_page64 : from.end_page;
    }
    if (header.version >= 3)
        header.vmcoreinfo = from.vmcoreinfo;
    if (header.version >= 4)
        header.notes = from.notes;
    if (header.version >= 5)
        header.erased = from.erased;
    if (wide)
        header.page_limit = from.pages64;
}

// Two bitmaps of one size where there is space for two, else one: crash's dump_is_partial().
Status place_bitmaps(uint64_t begin, uint64_t blocks, KdumpHeader &header) {
    const uint64_t size = header.block_bytes;
    const uint64_t needed = rounded_up(rounded_up(header.page_limit, 8) / 8, size) / size;
    if (blocks < needed)
        return contradiction("bitmaps of " + std::to_string(blocks) + " blocks for " +
                             std::to_string(header.page_limit) + " pages");
    const uint64_t bytes = blocks * size;
    const bool two = blocks >= 2 * needed;
    header.dumped_pages = two ? Extent{begin + bytes / 2, bytes / 2} : Extent{begin, bytes};
    if (two)
        header.machine_pages = {begin, bytes / 2};
    header.descriptors = begin + bytes;
    return success();
}

Status check_pages(KdumpHeader &header) {
    if (header.page_limit == 0 || header.page_limit > kdump_most_pages)
        return contradiction("a machine of " + std::to_string(header.page_limit) + " pages");
    if (!header.split)
        header.end_page = header.page_limit;
    header.end_page = std::min(header.end_page, header.page_limit);
    if (header.first_page > header.end_page)
        return contradiction("its part begins at page " + std::to_string(header.first_page) +
                             " and ends at " + std::to_string(header.end_page));
    return success();
}

}  // namespace

Result<KdumpHeader> read_kdump_header(Source &source) {
    KdumpMainHeader from{};
    if (auto done = source.read(0, bytes_of(from)); !done)
        return Error{Errc::failed, "its kdump header is cut: " + done.error().what, ""};
    if (auto checked = check_machine(from); !checked)
        return checked.error();
    KdumpHeader header;
    header.diskdump = begins_with(bytes_of(from), "DISKDUMP");
    header.version = from.version;
    header.block_bytes = from.block_bytes;
    header.incomplete = (from.status & kdump_incomplete) != 0;
    header.page_limit = from.pages;
    if (!std::has_single_bit(header.block_bytes) || header.block_bytes < kLeastBlock ||
        header.block_bytes > kMostBlock)
        return contradiction("blocks of " + std::to_string(header.block_bytes) + " bytes");
    const uint64_t sub_header_blocks = from.sub_header_blocks;
    if (!header.diskdump && sub_header_blocks != 0) {
        KdumpSubHeader sub_header{};
        if (auto done = source.read(header.block_bytes, bytes_of(sub_header)); !done)
            return Error{Errc::failed, "its kdump sub-header is cut: " + done.error().what, ""};
        read_sub_header(sub_header, header);
    }
    if (auto checked = check_pages(header); !checked)
        return checked.error();
    const uint64_t begin = (1 + sub_header_blocks) * header.block_bytes;
    if (auto placed = place_bitmaps(begin, from.bitmap_blocks, header); !placed)
        return placed.error();
    return header;
}

}  // namespace whydrop::kdump
