// SPDX-License-Identifier: GPL-2.0-or-later
// Writes BTF (Documentation/bpf/btf.rst): kdump/btf.h reads what comes out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kdump/btf.h"

namespace whydrop {

class BtfWriter {
  public:
    // The words of one type: its name, kind and number of entries, size or target, and what
    // follows by kind.
    using Record = std::vector<uint32_t>;

    static constexpr size_t most_entries = 0xffff;  // of one type

    BtfWriter();

    // Where the text stands; each is kept once. 0: none.
    uint32_t string(std::string_view text);
    Record record(kdump::BtfKind kind, std::string_view name, size_t entries, uint64_t size_or_type,
                  bool flag = false);

    // The type's id; equal types are one.
    uint32_t intern(const Record &record);
    // An id whose type is said later, by set(): types that refer to each other.
    uint32_t reserve();
    void set(uint32_t id, const Record &record);

    [[nodiscard]] std::vector<uint8_t> bytes() const;

  private:
    struct Place {
        size_t begin = 0, words = 0;
    };
    [[nodiscard]] std::span<const uint32_t> words_of(uint32_t id) const;

    std::string strings_;
    std::unordered_map<std::string, uint32_t> string_places_;
    std::vector<uint32_t> words_;
    std::vector<Place> places_;  // by id - 1
    std::unordered_multimap<size_t, uint32_t> interned_;
};

}  // namespace whydrop
