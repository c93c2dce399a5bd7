// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/hist_table.h"

#include <algorithm>

namespace whydrop {

namespace {

uint64_t mixed(std::span<const uint64_t> keys) {
    // The finalizer of splitmix64: addresses differ in few bits.
    uint64_t hash = 0;
    for (const uint64_t key : keys) {
        hash += key + 0x9e3779b97f4a7c15;
        hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
        hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
        hash ^= hash >> 31;
    }
    return hash;
}

size_t capacity_for(uint32_t size) {
    constexpr uint32_t least = 128;
    return std::bit_ceil(
        std::clamp(size == 0 ? HistTable::usual_size : size, least, HistTable::most));
}

}  // namespace

HistTable::HistTable(size_t keys, size_t values, uint32_t size)
    : keys_(keys),
      stride_(keys + 1 + values),
      capacity_(capacity_for(size)),
      index_(capacity_ * 2) {}

HistTable::Place HistTable::hit(std::span<const uint64_t> keys) {
    const size_t mask = index_.size() - 1;
    size_t at = mixed(keys) & mask;
    for (; index_[at] != 0; at = (at + 1) & mask) {
        const size_t entry = index_[at] - 1;
        if (std::equal(keys.begin(), keys.end(), row(entry))) {
            row(entry)[keys_]++;
            hits_++;
            return {entry};
        }
    }
    if (full()) {
        drop();
        return {.no_room = true};
    }
    rows_.resize(rows_.size() + stride_);
    std::copy(keys.begin(), keys.end(), row(count_));
    row(count_)[keys_] = 1;
    hits_++;
    index_[at] = static_cast<uint32_t>(++count_);
    return {count_ - 1, true};
}

}  // namespace whydrop
