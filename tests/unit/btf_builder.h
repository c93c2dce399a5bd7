// SPDX-License-Identifier: GPL-2.0-or-later
// Writes small BTF, right or deliberately wrong, for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdump/btf.h"

namespace whydrop::test {

class BtfBuilder {
  public:
    // A split BTF goes on after the base's ids and strings.
    BtfBuilder() : strings_(1, '\0') {}
    explicit BtfBuilder(const BtfBuilder &base)
        : first_id_(base.next_id_),
          next_id_(base.next_id_),
          first_string_(base.first_string_ + static_cast<uint32_t>(base.strings_.size())) {}

    uint32_t name(std::string_view text) {
        if (text.empty())
            return 0;
        const auto at = first_string_ + static_cast<uint32_t>(strings_.size());
        strings_.append(text).push_back('\0');
        return at;
    }

    // The 12 bytes of every type, then `tail`. Returns the id.
    uint32_t add(kdump::BtfKind kind, std::string_view text, uint32_t entries, uint32_t word,
                 std::initializer_list<uint32_t> tail = {}, bool flag = false) {
        return add_raw(static_cast<uint32_t>(kind), name(text), entries, word, tail, flag);
    }
    uint32_t add_raw(uint32_t kind, uint32_t name_at, uint32_t entries, uint32_t word,
                     const std::vector<uint32_t> &tail, bool flag = false) {
        types_.insert(types_.end(), {name_at, (flag ? 1u << 31 : 0) | kind << 24 | entries, word});
        types_.insert(types_.end(), tail.begin(), tail.end());
        return next_id_++;
    }

    using Values = std::vector<std::pair<std::string, uint32_t>>;
    uint32_t enumeration(std::string_view text, const Values &values, bool is_signed = false) {
        std::vector<uint32_t> tail;
        for (const auto &[own, value] : values)
            tail.insert(tail.end(), {name(own), value});
        return add_raw(static_cast<uint32_t>(kdump::BtfKind::enumeration), name(text),
                       static_cast<uint32_t>(values.size()), 4, tail, is_signed);
    }
    // Of a pointer's function: parameters have types, no names.
    uint32_t prototype(const std::vector<uint32_t> &parameters) {
        std::vector<uint32_t> tail;
        for (const uint32_t type : parameters)
            tail.insert(tail.end(), {0, type});
        return add_raw(static_cast<uint32_t>(kdump::BtfKind::function_proto), 0,
                       static_cast<uint32_t>(parameters.size()), 0, tail);
    }

    // The layout section, when not empty, goes between types and strings (7.1 and later).
    [[nodiscard]] std::vector<uint8_t> bytes(const std::vector<uint8_t> &layout = {}) const {
        const auto types = static_cast<uint32_t>(types_.size() * sizeof(uint32_t));
        const auto extra = static_cast<uint32_t>(layout.size());
        std::vector<uint32_t> header = {
            0x0001eb9f, extra == 0 ? 24u : 32u, 0,
            types,      types + extra,          static_cast<uint32_t>(strings_.size())};
        if (extra != 0)
            header.insert(header.end(), {types, extra});
        std::vector<uint8_t> out;
        append(out, header.data(), header.size() * sizeof(uint32_t));
        append(out, types_.data(), types);
        append(out, layout.data(), layout.size());
        append(out, strings_.data(), strings_.size());
        return out;
    }

  private:
    static void append(std::vector<uint8_t> &out, const void *from, size_t bytes) {
        const auto *begin = static_cast<const uint8_t *>(from);
        out.insert(out.end(), begin, begin + bytes);
    }

    std::vector<uint32_t> types_;
    std::string strings_;
    uint32_t first_id_ = 1, next_id_ = 1, first_string_ = 0;
};

}  // namespace whydrop::test
