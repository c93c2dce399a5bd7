// SPDX-License-Identifier: GPL-2.0-or-later
// What `makedumpfile -F` and QEMU write where they cannot seek: a header of 4096 bytes
// (makedumpfile.h: signature of 16 bytes, type and version of 8), then records of an offset, a
// length and the bytes, until one of -1 and -1. These numbers are big-endian on every machine. A
// later record overwrites what earlier ones wrote.
#include <algorithm>
#include <array>
#include <cstring>

#include "kdump/bytes.h"
#include "kdump/format/formats.h"
#include "kdump/format/pieces.h"

namespace whydrop::kdump {

namespace {

constexpr std::string_view kSignature("makedumpfile\0\0\0\0", 16);
constexpr uint64_t kHeaderBytes = 4096;
constexpr uint64_t kRecordBytes = 16;  // before the bytes of each
constexpr uint64_t kType = 1;
constexpr uint64_t kEndMark = UINT64_MAX;
constexpr uint64_t kMostEmpty = 4096;  // records; a sparse file may seem to have billions
constexpr uint64_t kMost = INT64_MAX;  // the numbers are signed

class FlattenedSource : public Source {
  public:
    FlattenedSource(std::unique_ptr<Source> file, Pieces pieces, bool cut)
        : file_(std::move(file)), pieces_(std::move(pieces)), cut_(cut) {
        if (!pieces_.empty())
            bytes_ = std::prev(pieces_.end())->end;
    }

    [[nodiscard]] uint64_t size_bytes() const override { return bytes_; }
    [[nodiscard]] uint64_t file_bytes() const override { return file_->file_bytes(); }
    [[nodiscard]] bool flattened() const override { return true; }
    [[nodiscard]] bool cut() const override { return cut_; }
    Status read(uint64_t offset, std::span<uint8_t> to) override;
    [[nodiscard]] std::span<const uint8_t> view(uint64_t offset, uint64_t bytes) const override;

  private:
    std::unique_ptr<Source> file_;
    Pieces pieces_;
    uint64_t bytes_ = 0;
    bool cut_;
};

Status FlattenedSource::read(uint64_t offset, std::span<uint8_t> to) {
    if (!within(offset, to.size(), bytes_))
        return file_ends(bytes_);
    for (auto piece = pieces_.at_or_after(offset); !to.empty(); ++piece) {
        if (offset < piece->begin) {  // a hole; there is a piece behind it, or the file had ended
            const uint64_t hole = std::min<uint64_t>(to.size(), piece->begin - offset);
            std::memset(to.data(), 0, hole);
            to = to.subspan(hole);
            offset += hole;
            if (to.empty())
                break;
        }
        const uint64_t bytes = std::min<uint64_t>(to.size(), piece->end - offset);
        if (auto done = file_->read(piece->offset_of(offset), to.first(bytes)); !done)
            return done;
        to = to.subspan(bytes);
        offset += bytes;
    }
    return success();
}

std::span<const uint8_t> FlattenedSource::view(uint64_t offset, uint64_t bytes) const {
    const auto piece = pieces_.at_or_after(offset);
    if (piece == pieces_.end() || offset < piece->begin || bytes > piece->end - offset)
        return {};
    return file_->view(piece->offset_of(offset), bytes);
}

struct Records {
    std::vector<Piece> pieces;
    bool cut = true;  // until the end mark was seen
};

// A record that makes no sense is as good as the end of a cut file: what came before it counts.
Result<Records> read_records(Source &file) {
    Records found;
    const uint64_t size = file.size_bytes();
    uint64_t empty = 0;
    for (uint64_t at = kHeaderBytes; within(at, kRecordBytes, size) && empty < kMostEmpty;) {
        std::array<uint8_t, kRecordBytes> record{};
        if (auto done = file.read(at, record); !done)
            return done.error();
        const uint64_t offset = big_endian64_at(record, 0);
        const uint64_t length = big_endian64_at(record, 8);
        if (offset == kEndMark && length == kEndMark) {
            found.cut = false;
            break;
        }
        if (offset > kMost || length > kMost - offset)
            break;
        at += kRecordBytes;
        const uint64_t bytes = std::min(length, size - at);
        if (bytes != 0)
            found.pieces.push_back({offset, offset + bytes, at});
        else
            empty++;
        at += bytes;
    }
    return found;
}

}  // namespace

bool is_flattened(std::span<const uint8_t> head) {
    return begins_with(head, kSignature);
}

Result<std::unique_ptr<Source>> unfold(std::unique_ptr<Source> source) {
    std::array<uint8_t, kSignature.size() + 16> header{};
    if (auto done = source->read(0, header); !done)
        return Error{Errc::failed, "its flattened header is cut: " + done.error().what, ""};
    const uint64_t type = big_endian64_at(header, kSignature.size());
    if (type != kType)
        return Error{
            Errc::failed,
            "flattened files of type " + std::to_string(type) + " are not known, only of type 1",
            ""};
    auto records = read_records(*source);
    if (!records)
        return records.error();
    if (records->pieces.empty())
        return Error{Errc::failed, "it is a flattened file with nothing in it",
                     "whatever wrote it stopped right after it had begun"};
    return std::unique_ptr<Source>(std::make_unique<FlattenedSource>(
        std::move(source), Pieces(std::move(records->pieces), Overlap::last_in_file),
        records->cut));
}

}  // namespace whydrop::kdump
