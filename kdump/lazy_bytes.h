// SPDX-License-Identifier: GPL-2.0-or-later
// A table in the dead kernel's memory of which only what is looked at is read. How long it is says
// that memory as well, which may be damaged: what is not looked at takes no memory here.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "kdump/memory.h"

namespace whydrop::kdump {

class LazyBytes {
  public:
    LazyBytes() = default;
    // Keeps a reference to the reader.
    LazyBytes(const Reader &reader, uint64_t address, size_t bytes)
        : reader_(&reader),
          address_(address),
          bytes_(new (std::nothrow) uint8_t[bytes]),
          size_(bytes_ ? bytes : 0),
          known_(size_ / chunk + 1) {}

    [[nodiscard]] size_t size() const { return size_; }

    // The bytes from `offset` on; empty where the table ends before, or memory is missing.
    std::span<const uint8_t> at(size_t offset, size_t count) {
        if (offset > size_ || count > size_ - offset)
            return {};
        for (size_t i = offset / chunk; !whole_ && count && i <= (offset + count - 1) / chunk; i++)
            if (!known_[i] && !fetch(i))
                return {};
        return {bytes_.get() + offset, count};
    }
    // Reads all of it at once, for who looks at all of it; what cannot be read stays unknown.
    void fetch_all() {
        whole_ = whole_ || (size_ && reader_->read(address_, {bytes_.get(), size_}));
    }
    // The number with this index, of a table of such numbers; 0 where it cannot be read.
    template <typename T>
    T number(size_t index) {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        if (const auto found = at(index * sizeof(T), sizeof(T)); !found.empty())
            std::memcpy(&value, found.data(), sizeof(T));
        return value;
    }

  private:
    static constexpr size_t chunk = 4096;

    bool fetch(size_t index) {
        const size_t begin = index * chunk, count = std::min(chunk, size_ - begin);
        if (!reader_->read(address_ + begin, {bytes_.get() + begin, count}))
            return false;
        known_[index] = true;
        return true;
    }

    const Reader *reader_ = nullptr;
    uint64_t address_ = 0;
    std::unique_ptr<uint8_t[]> bytes_;
    size_t size_ = 0;
    std::vector<bool> known_;
    bool whole_ = false;
};

}  // namespace whydrop::kdump
