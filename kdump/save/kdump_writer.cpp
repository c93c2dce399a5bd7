// SPDX-License-Identifier: GPL-2.0-or-later
// kdump-compressed. Headers, bitmaps and descriptors have their place kept at the front, so that
// they can be completed when the disk is full.
#include <algorithm>
#include <cstring>

#include "kdump/bytes.h"
#include "kdump/format/kdump_layout.h"
#include "kdump/format/unpack.h"
#include "kdump/save/packer.h"
#include "kdump/save/writer.h"

namespace whydrop::kdump {

namespace {

constexpr size_t most_erased_bytes = 1 << 16;

template <size_t size>
void put(char (&field)[size], std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), size - 1), field);
}

class KdumpWriter : public DumpWriter {
  public:
    KdumpWriter(Target &target, DumpHead head, const PageSet &machine, const PageSet &pages)
        : target_(target), head_(std::move(head)), machine_(machine), pages_(pages) {}

    Status begin() override;
    Status add(const Batch &batch) override;
    Status end(bool complete, const Holes &holes) override;

  private:
    [[nodiscard]] uint64_t bitmap_bytes() const {
        return rounded_up((pages_.limit() + 7) / 8, page_bytes);
    }
    Status write_headers(bool complete, Extent erased);
    Status write_zero_page();
    Status write_descriptors();

    Target &target_;
    DumpHead head_;
    const PageSet &machine_, &pages_;
    std::optional<PageSet> dumped_;  // whose descriptor is there
    uint64_t notes_at_ = 0, bitmaps_at_ = 0;
    uint64_t next_descriptor_ = 0, data_end_ = 0;
    uint64_t bits_written_ = 0, bits_end_ = 0;  // pages below: in the file, known
    std::vector<KdumpPage> descriptors_;
    KdumpPage zero_page_{};  // that all pages of zeros share
};

Status KdumpWriter::begin() {
    auto dumped = PageSet::create(pages_.limit());
    if (!dumped)
        return dumped.error();
    dumped_ = std::move(*dumped);
    notes_at_ = page_bytes + sizeof(KdumpSubHeader);
    bitmaps_at_ = rounded_up(notes_at_ + head_.notes.size(), page_bytes);
    next_descriptor_ = bitmaps_at_ + 2 * bitmap_bytes();
    data_end_ = rounded_up(next_descriptor_ + pages_.count() * sizeof(KdumpPage), page_bytes);
    for (const Status &done : {target_.reserve(data_end_), write_headers(false, {}),
                               target_.write(notes_at_, head_.notes),
                               target_.write(bitmaps_at_, machine_.bytes()), write_zero_page()})
        if (!done)
            return done;
    file_bytes_ = data_end_;
    return success();
}

Status KdumpWriter::write_headers(bool complete, Extent erased) {
    KdumpMainHeader main{};
    std::memcpy(main.signature, "KDUMP   ", sizeof main.signature);
    main.version = kdump_newest_version;
    put(main.names.system, "Linux");
    put(main.names.node, head_.node);
    put(main.names.release, head_.release);
    put(main.names.version, head_.version);
    put(main.names.machine, "x86_64");
    main.seconds = static_cast<int64_t>(head_.time_unix_s);
    main.status = head_.packing | (complete ? 0 : kdump_incomplete);
    main.block_bytes = page_bytes;
    main.sub_header_blocks = static_cast<uint32_t>(bitmaps_at_ / page_bytes - 1);
    main.bitmap_blocks = static_cast<uint32_t>(2 * bitmap_bytes() / page_bytes);
    main.pages = static_cast<uint32_t>(std::min<uint64_t>(pages_.limit(), UINT32_MAX));
    main.cpus = head_.cpus;
    KdumpSubHeader sub{};
    sub.phys_base = head_.phys_base;
    sub.dump_level = head_.dump_level;
    const std::string_view notes(reinterpret_cast<const char *>(head_.notes.data()),
                                 head_.notes.size());
    if (const size_t at = notes.find(head_.vmcoreinfo);
        !head_.vmcoreinfo.empty() && at != std::string_view::npos)
        sub.vmcoreinfo = {notes_at_ + at, head_.vmcoreinfo.size()};
    sub.notes = {notes.empty() ? 0 : notes_at_, notes.size()};
    sub.erased = erased;
    sub.pages64 = pages_.limit();
    if (auto done = target_.write(0, bytes_of(main)); !done)
        return done;
    return target_.write(page_bytes, bytes_of(sub));
}

Status KdumpWriter::write_zero_page() {
    const std::vector<uint8_t> zeros(page_bytes);
    std::vector<uint8_t> packed(Packer::room_bytes);
    auto packer = Packer::create(head_.packing);
    if (!packer)
        return packer.error();
    packed.resize(packer->pack(zeros, packed));
    const auto &bytes = packed.empty() ? zeros : packed;
    zero_page_ = {data_end_, static_cast<uint32_t>(bytes.size()),
                  packed.empty() ? packing::none : head_.packing, 0};
    data_end_ += bytes.size();
    return target_.write(zero_page_.offset, bytes);
}

Status KdumpWriter::add(const Batch &batch) {
    if (auto done = target_.write(data_end_, batch.data); !done)
        return done;
    for (const PackedPage &page : batch.pages) {
        zeros_ += page.bytes == 0 && !page.hole;
        KdumpPage descriptor = zero_page_;
        if (page.bytes != 0) {
            descriptor = {data_end_, page.bytes, page.flags, 0};
            data_end_ += page.bytes;
        }
        descriptors_.push_back(descriptor);
        dumped_->add(page.pfn);
        written_++;
    }
    bits_end_ = batch.pages.back().pfn + 1;
    file_bytes_ = data_end_;
    constexpr size_t many = 8192;
    return descriptors_.size() < many ? success() : write_descriptors();
}

// With their bits in the second bitmap: a descriptor is found by counting these.
Status KdumpWriter::write_descriptors() {
    const std::span<const uint8_t> bytes{reinterpret_cast<const uint8_t *>(descriptors_.data()),
                                         descriptors_.size() * sizeof(KdumpPage)};
    if (auto done = target_.write(next_descriptor_, bytes); !done)
        return done;
    next_descriptor_ += bytes.size();
    descriptors_.clear();
    const uint64_t from = bits_written_ / 8, to = (bits_end_ + 7) / 8;
    bits_written_ = bits_end_;
    return target_.write(bitmaps_at_ + bitmap_bytes() + from,
                         dumped_->bytes().subspan(from, to - from));
}

// Of pages that were not written before the disk was full there are bits, and empty descriptors.
Status KdumpWriter::end(bool complete, const Holes &holes) {
    if (!complete) {
        for (uint64_t pfn = pages_.next(bits_end_); pfn < pages_.limit();
             pfn = pages_.next(pfn + 1))
            dumped_->add(pfn);
        bits_end_ = pages_.limit();
    }
    if (auto done = write_descriptors(); !done)
        return done;
    Extent erased;
    if (const std::string text = holes.text(most_erased_bytes); !text.empty()) {
        const std::span<const uint8_t> bytes{reinterpret_cast<const uint8_t *>(text.data()),
                                             text.size()};
        if (target_.write(data_end_, bytes)) {  // there may be no space
            erased = {data_end_, text.size()};
            data_end_ += text.size();
        }
    }
    if (auto done = target_.resize(data_end_); !done)
        return done;
    file_bytes_ = data_end_;
    return write_headers(complete, erased);
}

}  // namespace

std::unique_ptr<DumpWriter> kdump_writer(Target &target, DumpHead head, const PageSet &machine,
                                         const PageSet &pages) {
    return std::make_unique<KdumpWriter>(target, std::move(head), machine, pages);
}

}  // namespace whydrop::kdump
