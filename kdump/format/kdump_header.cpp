// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/kdump_header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "kdump/bytes.h"
#include "kdump/format/formats.h"

namespace whydrop::kdump {

namespace {

// struct disk_dump_header: the signature, the version, six names of 65 bytes (struct new_utsname),
// a struct timeval.
constexpr size_t kVersionAt = 8, kMachineAt = 12 + 4 * 65, kMachineBytes = 65;
constexpr size_t kStatusAt = 424, kBlockBytesAt = 428, kSubHeaderBlocksAt = 432;
constexpr size_t kBitmapBlocksAt = 436, kPagesAt = 440;
constexpr size_t kHeaderBytes = 464;
// struct kdump_sub_header, behind phys_base.
constexpr size_t kDumpLevelAt = 8, kSplitAt = 12, kSplitFirstAt = 16, kSplitEndAt = 24;
constexpr size_t kVmcoreinfoAt = 32, kNotesAt = 48;  // offset, then size; eraseinfo at 64
constexpr size_t kSplitFirst64At = 80, kSplitEnd64At = 88, kPages64At = 96;
constexpr size_t kSubHeaderBytes = 104;

constexpr uint32_t kStatusIncomplete = 8;
constexpr uint32_t kNewestVersion = 6;
constexpr uint32_t kLeastBlock = 4096, kMostBlock = 65536;
// 256 TiB of memory; x86-64 without 5-level paging addresses 64.
constexpr uint64_t kMostPages = uint64_t{1} << 36;

Error contradiction(const std::string &what) {
    return {Errc::failed, "its kdump header contradicts itself: " + what, ""};
}

Status check_machine(std::span<const uint8_t> header) {
    const auto *name = reinterpret_cast<const char *>(header.data()) + kMachineAt;
    const std::string machine(name, std::find(name, name + kMachineBytes, '\0'));
    // QEMU does not know what the guest would have said.
    if (!machine.empty() && machine != "Unknown" && machine != "x86_64")
        return other_machine(machine);
    const auto version = number_at<uint32_t>(header, kVersionAt);
    if (version > kNewestVersion && __builtin_bswap32(version) <= kNewestVersion)
        return other_machine("big-endian");
    // Fields were only ever appended: a later version reads as the newest that is known.
    return success();
}

void read_sub_header(std::span<const uint8_t> bytes, KdumpHeader &header) {
    const auto extent = [bytes](size_t at) {
        return Extent{number_at<uint64_t>(bytes, at), number_at<uint64_t>(bytes, at + 8)};
    };
    const bool wide = header.version >= 6;  // page numbers of 64 bits wherever they were 32
    if (header.version >= 1)
        header.dump_level = number_at<uint32_t>(bytes, kDumpLevelAt);
    if (header.version >= 2 && number_at<uint32_t>(bytes, kSplitAt) != 0) {
        header.split = true;
        header.first_page = number_at<uint64_t>(bytes, wide ? kSplitFirst64At : kSplitFirstAt);
        header.end_page = number_at<uint64_t>(bytes, wide ? kSplitEnd64At : kSplitEndAt);
    }
    if (header.version >= 3)
        header.vmcoreinfo = extent(kVmcoreinfoAt);
    if (header.version >= 4)
        header.notes = extent(kNotesAt);
    if (wide)
        header.page_limit = number_at<uint64_t>(bytes, kPages64At);
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
    if (header.page_limit == 0 || header.page_limit > kMostPages)
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
    std::array<uint8_t, kHeaderBytes> bytes{};
    if (auto done = source.read(0, bytes); !done)
        return Error{Errc::failed, "its kdump header is cut: " + done.error().what, ""};
    if (auto checked = check_machine(bytes); !checked)
        return checked.error();
    KdumpHeader header;
    header.diskdump = begins_with(bytes, "DISKDUMP");
    header.version = number_at<uint32_t>(bytes, kVersionAt);
    header.block_bytes = number_at<uint32_t>(bytes, kBlockBytesAt);
    header.incomplete = (number_at<uint32_t>(bytes, kStatusAt) & kStatusIncomplete) != 0;
    header.page_limit = number_at<uint32_t>(bytes, kPagesAt);
    if (!std::has_single_bit(header.block_bytes) || header.block_bytes < kLeastBlock ||
        header.block_bytes > kMostBlock)
        return contradiction("blocks of " + std::to_string(header.block_bytes) + " bytes");
    const uint64_t sub_header_blocks = number_at<uint32_t>(bytes, kSubHeaderBlocksAt);
    if (!header.diskdump && sub_header_blocks != 0) {
        std::array<uint8_t, kSubHeaderBytes> sub_header{};
        if (auto done = source.read(header.block_bytes, sub_header); !done)
            return Error{Errc::failed, "its kdump sub-header is cut: " + done.error().what, ""};
        read_sub_header(sub_header, header);
    }
    if (auto checked = check_pages(header); !checked)
        return checked.error();
    const uint64_t begin = (1 + sub_header_blocks) * header.block_bytes;
    const uint64_t blocks = number_at<uint32_t>(bytes, kBitmapBlocksAt);
    if (auto placed = place_bitmaps(begin, blocks, header); !placed)
        return placed.error();
    return header;
}

}  // namespace whydrop::kdump
