// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracedat/cpu_reader.h"

#include <algorithm>

namespace whydrop::tracedat {

namespace {

constexpr size_t window_bytes = size_t{256} * 1024;
// trace-cmd packs some pages at a time; what claims to be larger is damaged.
constexpr uint32_t most_chunk_bytes = 64U << 20;

uint32_t word(std::span<const uint8_t> bytes, size_t at) {
    return static_cast<uint32_t>(bytes[at]) | static_cast<uint32_t>(bytes[at + 1]) << 8 |
           static_cast<uint32_t>(bytes[at + 2]) << 16 | static_cast<uint32_t>(bytes[at + 3]) << 24;
}

}  // namespace

// Packed data: the number of chunks, then of each its two lengths and itself.
bool CpuReader::fill_packed() {
    constexpr uint64_t count_bytes = 4, head_bytes = 8;
    uint8_t words[head_bytes];
    const auto give_up = [this] {
        lost_.bytes += data_.size - at_;
        at_ = data_.size;
        return false;
    };
    if (!chunks_) {
        if (data_.size < count_bytes ||
            !input_.read(data_.offset, std::span(words).first(count_bytes)))
            return give_up();
        chunks_ = word(words, 0);
        at_ = count_bytes;
    }
    if (*chunks_ == 0)
        return false;
    if (data_.size - at_ < head_bytes || !input_.read(data_.offset + at_, words))
        return give_up();
    const uint32_t packed = word(words, 0), whole = word(words, 4);
    if (data_.size - at_ - head_bytes < packed || whole > most_chunk_bytes)
        return give_up();
    packed_.resize(packed);
    window_.resize(whole);
    if (!input_.read(data_.offset + at_ + head_bytes, packed_))
        return give_up();
    at_ += head_bytes + packed;
    --*chunks_;
    in_window_ = 0;
    if (!unpacker_.unpack(head_.packing, packed_, window_)) {
        lost_.bytes += packed;
        window_.clear();
    }
    return true;
}

bool CpuReader::fill() {
    if (buffer_.packed)
        return fill_packed();
    const uint64_t pages = std::max<uint64_t>(window_bytes / buffer_.page_size, 1);
    const uint64_t bytes = std::min(data_.size - at_, pages * buffer_.page_size);
    if (bytes == 0)
        return false;
    window_.resize(bytes);
    in_window_ = 0;
    if (!input_.read(data_.offset + at_, window_)) {
        lost_.bytes += data_.size - at_;
        at_ = data_.size;
        return false;
    }
    at_ += bytes;
    return true;
}

bool CpuReader::next_page() {
    if (page_ && page_->damaged())
        lost_.pages++;
    page_.reset();
    while (in_window_ >= window_.size())
        if (!fill())
            return false;
    const size_t bytes = std::min<size_t>(buffer_.page_size, window_.size() - in_window_);
    page_.emplace(std::as_bytes(std::span(window_).subspan(in_window_, bytes)), head_.layout);
    in_window_ += bytes;
    if (page_->missed() && page_->missed_records())
        lost_.records += *page_->missed_records();
    else if (page_->missed())
        lost_.unknown_times++;
    return true;
}

bool CpuReader::next() {
    for (;;) {
        if (page_)
            if (const auto record = page_->next()) {
                event_ = *record;
                return true;
            }
        if (!next_page())
            return false;
    }
}

}  // namespace whydrop::tracedat
