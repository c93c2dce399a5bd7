// SPDX-License-Identifier: GPL-2.0-or-later
// Strings, and stacks as the bytes they are, each kept once and known by a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace whydrop {

class TextPool {
  public:
    TextPool() = default;
    // A copy would point into the other's.
    TextPool(const TextPool &) = delete;
    TextPool &operator=(const TextPool &) = delete;
    TextPool(TextPool &&) = default;
    TextPool &operator=(TextPool &&) = default;

    // Nothing: it is not in the pool, and nothing may be added.
    std::optional<uint64_t> number(std::string_view text, bool may_add) {
        if (const auto found = numbers_.find(text); found != numbers_.end())
            return found->second;
        if (!may_add)
            return {};
        // The map's nodes stay where they are.
        const auto added = numbers_.emplace(std::string(text), texts_.size()).first;
        texts_.push_back(&added->first);
        return added->second;
    }
    [[nodiscard]] const std::string &text(uint64_t number) const { return *texts_[number]; }

  private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::unordered_map<std::string, uint64_t, Hash, std::equal_to<>> numbers_;
    std::vector<const std::string *> texts_;
};

}  // namespace whydrop
