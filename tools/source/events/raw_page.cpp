// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/raw_page.h"

#include <bit>
#include <cstring>

namespace whydrop {

namespace {

// The first word of a record: its type, or its length in words, and the time since the one before.
constexpr uint32_t kTypeBits = 5, kTypeMask = 0x1f, kTimeBits = 27;
constexpr uint32_t kLong = 0, kPadding = 29, kTimeExtend = 30, kTimeStamp = 31;
constexpr size_t kWord = sizeof(uint32_t);
// An absolute time has no room for its highest bits: they are those of the page.
constexpr uint64_t kHighestBits = 0xf8ULL << 56;
constexpr uint64_t kUsedMask = (1U << 27) - 1, kMissed = 1U << 31, kMissedStored = 1U << 30;

template <typename T>
T load(std::span<const std::byte> bytes, size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

// The kernel declares type and time as bit fields: on big-endian machines from the other end.
uint32_t type_of(uint32_t head) {
    return std::endian::native == std::endian::little ? head & kTypeMask : head >> kTimeBits;
}
uint32_t time_of(uint32_t head) {
    return std::endian::native == std::endian::little ? head >> kTypeBits
                                                      : head & ((1U << kTimeBits) - 1);
}

}  // namespace

std::optional<RawPageLayout> RawPageLayout::of(const EventFormat &header_page) {
    const EventField *commit = header_page.field("commit"), *data = header_page.field("data");
    if (!commit || !data || (commit->size != 4 && commit->size != 8) || commit->offset != 8 ||
        data->offset < commit->offset + commit->size)
        return {};
    return RawPageLayout{commit->size, data->offset};
}

RawPage::RawPage(std::span<const std::byte> page, const RawPageLayout &layout) {
    if (page.size() < layout.data_offset) {
        damaged_ = true;
        return;
    }
    time_ = load<uint64_t>(page, 0);
    const uint64_t commit =
        layout.commit_size == 8 ? load<uint64_t>(page, 8) : load<uint32_t>(page, 8);
    missed_ = (commit & kMissed) != 0;
    data_ = page.subspan(layout.data_offset);
    const uint64_t used = commit & kUsedMask;
    damaged_ = used > data_.size();
    // The number stands behind the records, as wide as the machine's long.
    if (missed_ && (commit & kMissedStored) && !damaged_ &&
        data_.size() - used >= layout.commit_size)
        missed_records_ =
            layout.commit_size == 8 ? load<uint64_t>(data_, used) : load<uint32_t>(data_, used);
    data_ = damaged_ ? std::span<const std::byte>() : data_.first(used);
}

uint32_t RawPage::word(size_t at) const {
    return load<uint32_t>(data_, at);
}

std::optional<RawPage::Record> RawPage::cut() {
    damaged_ = true;
    at_ = data_.size();
    return {};
}

// Of a record whose data begins `head` bytes behind its start, and is `length` long.
std::optional<RawPage::Record> RawPage::take(size_t head, size_t length) {
    const size_t left = data_.size() - at_;
    if (left < head || left - head < length)
        return cut();
    const Record record{data_.subspan(at_ + head, length), time_};
    at_ += head + (length + kWord - 1) / kWord * kWord;
    return record;
}

std::optional<RawPage::Record> RawPage::next() {
    while (at_ < data_.size()) {
        const size_t left = data_.size() - at_;
        if (left < kWord)
            return cut();
        const uint32_t head = word(at_), type = type_of(head);
        const uint64_t passed = time_of(head);
        if (type != kLong && type < kPadding) {
            time_ += passed;
            return take(kWord, type * kWord);
        }
        if (type == kPadding && passed == 0)  // the rest of the page is unused
            break;
        if (left < 2 * kWord)
            return cut();
        const uint64_t second = word(at_ + kWord);
        if (type == kLong) {
            time_ += passed;
            return second < kWord ? cut() : take(2 * kWord, second - kWord);
        }
        const uint64_t far = (second << kTimeBits) + passed;
        if (type == kTimeStamp)
            time_ = (time_ & kHighestBits) | far;
        else
            time_ += type == kTimeExtend ? far : passed;
        at_ += type == kPadding ? kWord + second : 2 * kWord;
    }
    if (at_ > data_.size())
        return cut();
    at_ = data_.size();
    return {};
}

}  // namespace whydrop
