// SPDX-License-Identifier: GPL-2.0-or-later
// Hits and sums by keys, in bounded memory: what the kernel's tracing_map is to hist triggers, with
// the same number of entries.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace whydrop {

class HistTable {
  public:
    static constexpr uint32_t usual_size = 2048, most = 1U << 17;

    // `size` is rounded up to a power of two, 128 at least (TRACING_MAP_BITS_MIN).
    HistTable(size_t keys, size_t values, uint32_t size);

    struct Place {
        size_t entry = 0;
        bool is_new = false;
        bool no_room = false;
    };
    // Counts a hit of `keys`, a new entry among the others when there is room.
    Place hit(std::span<const uint64_t> keys);
    void add(size_t entry, size_t value, uint64_t amount) {
        row(entry)[keys_ + 1 + value] += amount;
    }
    void drop() { dropped_++; }

    [[nodiscard]] bool full() const { return count_ == capacity_; }
    [[nodiscard]] size_t size() const { return count_; }
    [[nodiscard]] uint64_t hits() const { return hits_; }
    [[nodiscard]] uint64_t dropped() const { return dropped_; }
    [[nodiscard]] std::span<const uint64_t> keys(size_t entry) const {
        return {rows_.data() + entry * stride_, keys_};
    }
    [[nodiscard]] uint64_t hits(size_t entry) const { return rows_[entry * stride_ + keys_]; }
    [[nodiscard]] std::span<const uint64_t> values(size_t entry) const {
        return {rows_.data() + entry * stride_ + keys_ + 1, stride_ - keys_ - 1};
    }

  private:
    uint64_t *row(size_t entry) { return rows_.data() + entry * stride_; }

    size_t keys_, stride_, capacity_, count_ = 0;
    uint64_t hits_ = 0, dropped_ = 0;
    std::vector<uint64_t> rows_;   // of each entry its keys, its hits, its sums
    std::vector<uint32_t> index_;  // of a hash, the entry plus one; 0: free
};

}  // namespace whydrop
