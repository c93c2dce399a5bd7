// SPDX-License-Identifier: GPL-2.0-or-later
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "bytes_writer.h"
#include "kdump/bytes.h"
#include "synth.h"

namespace whydrop::test {

namespace {

using kdump::page_bytes;
using kdump::rounded_up;

// Whole blocks, of one page or of several, by their number.
std::map<uint64_t, Bytes> blocks_of(const SynthMemory &memory, uint32_t block_bytes) {
    std::map<uint64_t, Bytes> blocks;
    for (const auto &[pfn, page] : memory.pages) {
        Bytes &block = blocks[pfn * page_bytes / block_bytes];
        block.resize(block_bytes);
        std::copy(page.begin(), page.end(),
                  block.begin() + static_cast<long>(pfn * page_bytes % block_bytes));
    }
    return blocks;
}

Bytes packed(const Bytes &page, uint32_t packing) {
    Bytes out(2 * page.size());
    size_t bytes = out.size();
    const auto *from = reinterpret_cast<const char *>(page.data());
    switch (packing) {
        case 1:
            if (compress(out.data(), &bytes, page.data(), page.size()) != Z_OK)
                throw std::runtime_error("zlib");
            break;
        case 2: {
            Bytes work(LZO1X_1_MEM_COMPRESS);
            if (lzo_init() != LZO_E_OK || lzo1x_1_compress(page.data(), page.size(), out.data(),
                                                           &bytes, work.data()) != LZO_E_OK)
                throw std::runtime_error("lzo");
            break;
        }
        case 4:
            if (snappy_compress(from, page.size(), reinterpret_cast<char *>(out.data()), &bytes) !=
                SNAPPY_OK)
                throw std::runtime_error("snappy");
            break;
        case 0x20:
            bytes = ZSTD_compress(out.data(), out.size(), page.data(), page.size(), 1);
            break;
        default:
            return page;
    }
    out.resize(bytes);
    return out;
}

void put_header(Bytes &out, const KdumpShape &shape, uint64_t pages, uint64_t sub_header_blocks,
                uint64_t bitmap_blocks) {
    put_text(out, 0, shape.signature);
    put(out, 8, shape.version);
    put_text(out, 12, "Linux");
    put_text(out, 12 + 4 * 65, shape.machine);
    put(out, 424, shape.status | shape.packing);
    put(out, 428, shape.block_bytes);
    put(out, 432, static_cast<uint32_t>(sub_header_blocks));
    put(out, 436, static_cast<uint32_t>(bitmap_blocks));
    // The newest have it twice, and here it is wrong.
    put(out, 440, static_cast<uint32_t>(shape.version >= 6 ? 1 : pages));
}

// Fields younger than the version are right where that is wrong: nobody may look at them.
void put_sub_header(Bytes &out, const KdumpShape &shape, uint64_t pages, const SynthMemory &memory,
                    const Bytes &notes) {
    const size_t at = shape.block_bytes;
    const auto number = [&](size_t offset, uint64_t value) { put(out, at + offset, value); };
    const bool can_split = shape.version >= 2, wide = shape.version >= 6;
    const auto [first, end] = shape.part.value_or(std::pair<uint64_t, uint64_t>{0, 0});
    constexpr size_t notes_at = 104;
    number(8, 31 | (shape.part || !can_split ? uint64_t{1} << 32 : 0));
    number(16, wide ? 1 : first);
    number(24, wide ? 1 : end);
    if (!memory.vmcoreinfo.empty()) {  // the last of the notes, and their text without the padding
        number(32, at + notes_at + notes.size() - rounded_up(memory.vmcoreinfo.size(), 4));
        number(40, memory.vmcoreinfo.size());
    }
    number(48, at + notes_at);
    number(56, notes.size());
    number(80, wide ? first : 1);
    number(88, wide ? end : 1);
    number(96, wide ? pages : 1);
    put_text(out, at + notes_at, {reinterpret_cast<const char *>(notes.data()), notes.size()});
}

void set_bit(Bytes &out, uint64_t bitmap, uint64_t page) {
    out[bitmap + page / 8] |= static_cast<uint8_t>(1 << page % 8);
}

void put_pages(Bytes &out, uint64_t descriptors, const std::map<uint64_t, Bytes> &blocks,
               const KdumpShape &shape) {
    std::map<uint64_t, Bytes> mine = blocks;
    if (shape.part)
        std::erase_if(mine, [&](const auto &block) {
            return block.first < shape.part->first || block.first >= shape.part->second;
        });
    out.resize(descriptors + 24 * mine.size());
    uint64_t zeros_at = 0;
    for (const auto &[number, block] : mine) {
        const bool zeros = std::count(block.begin(), block.end(), 0) == shape.block_bytes;
        const Bytes less = packed(block, shape.packing);
        const bool shrinks = less.size() < block.size();
        const Bytes &stored = shrinks ? less : block;
        const bool again = zeros && zeros_at != 0;
        put(out, descriptors, again ? zeros_at : uint64_t{out.size()});
        put(out, descriptors + 8, static_cast<uint32_t>(stored.size()));
        put(out, descriptors + 12, shrinks ? shape.packing : 0);
        descriptors += 24;
        if (zeros && !again)
            zeros_at = out.size();
        if (!again)
            append(out, stored);
    }
}

}  // namespace

Bytes synth_kdump(const SynthMemory &memory, const KdumpShape &shape) {
    const auto blocks = blocks_of(memory, shape.block_bytes);
    std::set<uint64_t> machine;
    for (const uint64_t pfn : memory.left_out)
        machine.insert(pfn * page_bytes / shape.block_bytes);
    for (const auto &[number, block] : blocks)
        machine.insert(number);
    const uint64_t pages = *machine.rbegin() + 1, size = shape.block_bytes;
    const uint64_t bitmap = rounded_up((pages + 7) / 8, size);
    const Bytes notes = synth_notes(memory);
    const uint64_t sub_header = rounded_up(104 + notes.size(), size);

    Bytes out;
    put_header(out, shape, pages, sub_header / size, (shape.one_bitmap ? 1 : 2) * bitmap / size);
    put_sub_header(out, shape, pages, memory, notes);
    uint64_t at = size + sub_header;
    out.resize(at + (shape.one_bitmap ? 1 : 2) * bitmap);
    if (!shape.one_bitmap) {
        for (const uint64_t page : machine)
            set_bit(out, at, page);
        at += bitmap;
    }
    for (const auto &[number, block] : blocks)
        set_bit(out, at, number);
    put_pages(out, at + bitmap, blocks, shape);
    return out;
}

}  // namespace whydrop::test
