// SPDX-License-Identifier: GPL-2.0-or-later
// kdump-compressed dumps: pages one by one, packed or not. kdump_layout.h has the bytes.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "kdump/bytes.h"
#include "kdump/format/beside.h"
#include "kdump/format/formats.h"
#include "kdump/format/kdump_header.h"
#include "kdump/format/notes.h"
#include "kdump/format/page_bitmap.h"
#include "kdump/format/page_cache.h"
#include "kdump/format/unpack.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t many_blocks = 64;  // from here on a second thread is worth its start

// What unpacking a page takes; one for each thread.
struct Packing {
    Unpacker unpacker;
    std::vector<uint8_t> packed;  // where the source has it in no single piece
};

class CompressedDump : public Dump {
  public:
    CompressedDump(std::unique_ptr<Source> source, const KdumpHeader &header, PageBitmap dumped)
        : source_(std::move(source)),
          header_(header),
          dumped_(std::move(dumped)),
          skipped_(dumped_.below(header.first_page)),
          cache_(header.block_bytes, blocks()) {}

    void gather_facts();
    Status read(uint64_t paddr, std::span<uint8_t> to) override;
    [[nodiscard]] bool has_page(uint64_t pfn) const override;
    [[nodiscard]] std::vector<Range> ranges() const override;
    [[nodiscard]] std::vector<Range> machine_ranges() override;

  private:
    [[nodiscard]] bool has_block(uint64_t block) const;
    [[nodiscard]] std::vector<Range> ranges_in(const PageBitmap &bitmap) const;
    [[nodiscard]] uint64_t blocks() const { return dumped_.below(header_.end_page) - skipped_; }
    [[nodiscard]] std::string why_missing(uint64_t block);
    [[nodiscard]] Result<KdumpPage> descriptor(uint64_t index);
    [[nodiscard]] bool data_is_cut();
    [[nodiscard]] std::string compression();
    Status read_many(uint64_t block, std::span<uint8_t> to);
    Status load(uint64_t block, std::span<uint8_t> page, Packing &with);
    Status unpack(const KdumpPage &from, std::span<uint8_t> page, Packing &with);

    std::unique_ptr<Source> source_;
    KdumpHeader header_;
    PageBitmap dumped_;
    uint64_t skipped_;  // pages of a split dump that are in the parts before this one
    PageCache cache_;
    Packing packing_;
};

void CompressedDump::gather_facts() {
    std::string format = header_.diskdump ? "diskdump" : "kdump compressed";
    if (header_.split)
        format = "part of a split " + format;
    facts_ = facts_of(*source_, format);
    facts_.pages = blocks() * (header_.block_bytes / page_bytes);
    facts_.dump_level = header_.dump_level;
    facts_.incomplete |= header_.incomplete || data_is_cut();
    facts_.compression = compression();
    Notes notes;
    facts_.notes = fetch_notes(*source_, header_.notes.offset, header_.notes.bytes);
    read_notes(facts_.notes, notes);
    // In the sub-header it has no note around it.
    const auto text = fetch_notes(*source_, header_.vmcoreinfo.offset, header_.vmcoreinfo.bytes);
    facts_.vmcoreinfo.assign(text.begin(), std::find(text.begin(), text.end(), uint8_t{0}));
    if (facts_.vmcoreinfo.empty())
        facts_.vmcoreinfo = std::move(notes.vmcoreinfo);
    facts_.prstatus = std::move(notes.prstatus);
    const auto erased = fetch_notes(*source_, header_.erased.offset, header_.erased.bytes);
    facts_.erased.assign(erased.begin(), std::find(erased.begin(), erased.end(), uint8_t{0}));
}

Result<KdumpPage> CompressedDump::descriptor(uint64_t index) {
    KdumpPage found{};
    const uint64_t at = header_.descriptors + index * sizeof found;
    if (auto done = source_->read(at, bytes_of(found)); !done)
        return done.error();
    return found;
}

// Pages lie in the order of their numbers, so the last ones tell. Of zeros there is one page, near
// the front, that all others of zeros point to: the last few may say nothing, hence so many.
bool CompressedDump::data_is_cut() {
    constexpr uint64_t enough = 4096;
    const uint64_t count = blocks();
    for (uint64_t i = count - std::min(count, enough); i < count; i++) {
        const auto found = descriptor(i);
        if (!found || found->offset == 0 ||
            !within(found->offset, found->bytes, source_->size_bytes()))
            return true;
    }
    return false;
}

// Pages that would not shrink are not packed.
std::string CompressedDump::compression() {
    constexpr uint64_t enough = 64;
    for (uint64_t i = 0; i < std::min(blocks(), enough); i++)
        if (const auto found = descriptor(i); found && found->flags != packing::none)
            return packing_name(found->flags);
    return "";
}

bool CompressedDump::has_block(uint64_t block) const {
    return block >= header_.first_page && block < header_.end_page && dumped_.has(block);
}

bool CompressedDump::has_page(uint64_t pfn) const {
    return has_block(pfn / (header_.block_bytes / page_bytes));
}

std::vector<Range> CompressedDump::ranges_in(const PageBitmap &bitmap) const {
    std::vector<Range> found;
    for (uint64_t at = header_.first_page;;) {
        const uint64_t begin = std::min(bitmap.next(at, true), header_.end_page);
        if (begin >= header_.end_page)
            return found;
        at = std::min(bitmap.next(begin, false), header_.end_page);
        found.push_back({begin * header_.block_bytes, at * header_.block_bytes});
    }
}

std::vector<Range> CompressedDump::ranges() const {
    return ranges_in(dumped_);
}

std::vector<Range> CompressedDump::machine_ranges() {
    if (header_.machine_pages.bytes == 0)
        return ranges();
    const auto bitmap = PageBitmap::open(*source_, header_.machine_pages, header_.page_limit);
    return bitmap ? ranges_in(*bitmap) : ranges();
}

Status CompressedDump::read(uint64_t paddr, std::span<uint8_t> to) {
    const uint64_t size = header_.block_bytes;
    while (!to.empty()) {
        const uint64_t block = paddr / size;
        if (const uint64_t whole = to.size() / size; paddr % size == 0 && whole >= many_blocks) {
            if (auto done = read_many(block, to.first(whole * size)); !done)
                return done;
            to = to.subspan(whole * size);
            paddr += whole * size;
            continue;
        }
        auto page = cache_.find(block);
        if (page.empty()) {
            const auto room = cache_.room_for(block);
            if (auto done = load(block, room, packing_); !done)
                return page_error(pfn_of(paddr), done.error().what);
            cache_.keep(block);
            page = room;
        }
        const auto part = page.subspan(paddr % size);
        const size_t bytes = std::min(to.size(), part.size());
        std::copy_n(part.begin(), bytes, to.begin());
        to = to.subspan(bytes);
        paddr += bytes;
    }
    return success();
}

std::string CompressedDump::why_missing(uint64_t block) {
    if (header_.split && dumped_.has(block))
        return "is in another part of the split dump";
    uint8_t bits = 0;
    if (block < header_.page_limit && header_.machine_pages.bytes != 0)
        (void)source_->read(header_.machine_pages.offset + block / 8, bytes_of(bits));
    if ((bits >> block % 8 & 1) == 0)
        return "is not in the dump";
    std::string what = "is not in the dump: it was left out";
    if (header_.dump_level)
        what += " (dump level " + std::to_string(*header_.dump_level) + ")";
    return what;
}

// On all CPUs, and past the cache, which would hold nothing else afterwards. Of several pages that
// cannot be read the first is told, as without threads.
Status CompressedDump::read_many(uint64_t block, std::span<uint8_t> to) {
    const uint64_t size = header_.block_bytes, count = to.size() / size;
    const auto unpack_part = [&](uint64_t begin, uint64_t end, Packing &with) -> Status {
        for (uint64_t i = begin; i < end; i++)
            if (auto done = load(block + i, to.subspan(i * size, size), with); !done)
                return page_error(pfn_of((block + i) * size), done.error().what);
        return success();
    };
    const uint64_t parts = std::min<uint64_t>(Beside::most(), count * 2 / many_blocks);
    std::vector<std::unique_ptr<Beside>> others;
    uint64_t begin = 0;
    for (uint64_t part = 0; part + 1 < parts; part++) {
        const uint64_t end = count * (part + 1) / parts;
        auto started = Beside::start([&unpack_part, begin, end] {
            Packing own;
            return unpack_part(begin, end, own);
        });
        if (!started)
            break;
        others.push_back(std::move(started));
        begin = end;
    }
    const Status last = unpack_part(begin, count, packing_);
    Status first = success();
    for (auto &other : others)
        if (const Status said = other->wait(); first && !said)
            first = said;
    return first ? last : first;
}

// Errors without the page's name.
Status CompressedDump::load(uint64_t block, std::span<uint8_t> page, Packing &with) {
    if (!has_block(block))
        return Error{Errc::failed, why_missing(block), ""};
    const auto from = descriptor(dumped_.below(block) - skipped_);
    if (!from)
        return Error{Errc::failed, "cannot be read: " + from.error().what, ""};
    if (from->offset == 0 || from->bytes == 0)
        return Error{Errc::failed, "was not written before the dump ended", ""};
    if (from->flags != packing::none)
        return unpack(*from, page, with);
    if (from->bytes != page.size())
        return Error{Errc::failed,
                     "cannot be read: it has " + std::to_string(from->bytes) + " bytes", ""};
    if (auto done = source_->read(from->offset, page); !done)
        return Error{Errc::failed, "cannot be read: " + done.error().what, ""};
    return success();
}

Status CompressedDump::unpack(const KdumpPage &from, std::span<uint8_t> page, Packing &with) {
    const auto cannot = [](const std::string &why) {
        return Error{Errc::failed, "cannot be unpacked: " + why, ""};
    };
    if (from.bytes > 2 * page.size())  // a writer that packs to more than a page would not pack
        return cannot("it has " + std::to_string(from.bytes) + " bytes packed");
    auto packed = source_->view(from.offset, from.bytes);
    if (packed.empty()) {
        with.packed.resize(from.bytes);
        if (auto done = source_->read(from.offset, with.packed); !done)
            return Error{Errc::failed, "cannot be read: " + done.error().what, ""};
        packed = with.packed;
    }
    if (auto done = with.unpacker.unpack(from.flags, packed, page); !done)
        return cannot(done.error().what);
    return success();
}

}  // namespace

bool is_compressed(std::span<const uint8_t> head) {
    return begins_with(head, "KDUMP   ") || begins_with(head, "DISKDUMP");
}

Result<std::unique_ptr<Dump>> open_compressed(std::unique_ptr<Source> source) {
    const auto header = read_kdump_header(*source);
    if (!header)
        return header.error();
    auto dumped = PageBitmap::open(*source, header->dumped_pages, header->page_limit);
    if (!dumped)
        return dumped.error();
    auto dump = std::make_unique<CompressedDump>(std::move(source), *header, std::move(*dumped));
    dump->gather_facts();
    return std::unique_ptr<Dump>(std::move(dump));
}

}  // namespace whydrop::kdump
