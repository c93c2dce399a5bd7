// SPDX-License-Identifier: GPL-2.0-or-later
// The bytes of a trace.dat, read where they are asked for, never behind its end.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop::tracedat {

class Input {
  public:
    // Errors: failed; usage for what cannot be read at any place (a pipe).
    static Result<Input> open(const std::string &path);
    Input(Fd fd, uint64_t size) : fd_(std::move(fd)), size_(size) {}

    [[nodiscard]] uint64_t size() const { return size_; }
    // Fills `bytes`; false: the file ends before, or cannot be read there.
    [[nodiscard]] bool read(uint64_t at, std::span<uint8_t> bytes) const;
    [[nodiscard]] std::optional<std::string> read(uint64_t at, uint64_t bytes) const;

  private:
    Fd fd_;
    uint64_t size_ = 0;
};

// Goes through bytes in the order of a little-endian machine; stays at the first that is missing.
class Cursor {
  public:
    explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] std::optional<std::string_view> take(uint64_t bytes);
    [[nodiscard]] std::optional<std::string> text();  // ended by a zero
    template <typename T>
    [[nodiscard]] std::optional<T> number() {
        const auto bytes = take(sizeof(T));
        if (!bytes)
            return {};
        T value = 0;
        for (size_t i = 0; i < sizeof value; i++)
            value |= static_cast<T>(static_cast<T>(static_cast<uint8_t>((*bytes)[i])) << 8 * i);
        return value;
    }
    [[nodiscard]] uint64_t at() const { return at_; }
    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

  private:
    std::string_view bytes_;
    size_t at_ = 0;
};

}  // namespace whydrop::tracedat
