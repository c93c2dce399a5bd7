// SPDX-License-Identifier: GPL-2.0-or-later
// An event as it lies in a trace buffer, live or in a file, and its fields: by offset, so that
// looking at one costs no string.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "model/event_format.h"

namespace whydrop {

// Everything it refers to is the reader's, and gone after the call that was given it.
struct TraceEventView {
    const EventFormat *format = nullptr;
    std::span<const std::byte> record;  // from common_type on, as the offsets of `format` count
    uint64_t time_ns = 0;               // of the trace's clock
    int cpu = 0;
    // Of the kernel_stack event that came with it: innermost first. Empty: none came.
    std::span<const uint64_t> stack;
};

// Events that are not in what was counted, and why.
struct TraceLosses {
    // Records that the buffers had no room for, as the kernel counted them. Where more than one
    // kind is recorded (stacks, other events), of any kind.
    uint64_t no_room = 0;
    bool of_any_kind = false;
    uint64_t interrupted = 0;    // given up because an interrupt came between (commit overrun)
    uint64_t unreadable = 0;     // cut or damaged
    uint64_t without_stack = 0;  // counted by stack, and none came

    [[nodiscard]] bool any() const { return no_room + interrupted + unreadable + without_stack; }
    bool operator==(const TraceLosses &) const = default;
};

// A field of an event's format, made ready. What the record is too short for is absent.
class FieldReader {
  public:
    FieldReader() = default;
    explicit FieldReader(const EventField &field, std::endian order = std::endian::native)
        : offset_(field.offset),
          size_(field.size),
          is_signed_(field.is_signed),
          is_dynamic_(field.is_dynamic),
          is_relative_(field.is_relative),
          swap_(order != std::endian::native) {}

    // Of 1, 2, 4 or 8 bytes; a signed one with its sign, as the kernel counts it.
    [[nodiscard]] std::optional<uint64_t> number(std::span<const std::byte> record) const {
        if (record.size() < offset_ || record.size() - offset_ < size_)
            return {};
        return number_at(record.data() + offset_);
    }

    // All there is; of a dynamic one, what its word points at (__data_loc: the length in the upper
    // half, the offset in the record in the lower; __rel_loc: the offset from behind the word).
    [[nodiscard]] std::optional<std::span<const std::byte>> bytes(
        std::span<const std::byte> record) const {
        if (record.size() < offset_ || record.size() - offset_ < size_)
            return {};
        if (!is_dynamic_)
            return record.subspan(offset_, size_);
        if (size_ != sizeof(uint32_t))
            return {};
        constexpr uint32_t half = 16, lower = 0xffff;
        const auto word = load<uint32_t>(record.data() + offset_);
        const size_t begin = (word & lower) + (is_relative_ ? offset_ + sizeof(uint32_t) : 0);
        const size_t length = word >> half;
        if (begin > record.size() || record.size() - begin < length)
            return {};
        return record.subspan(begin, length);
    }

    // Up to its first zero.
    [[nodiscard]] std::optional<std::string_view> text(std::span<const std::byte> record) const {
        const auto found = bytes(record);
        if (!found)
            return {};
        const std::string_view all(reinterpret_cast<const char *>(found->data()), found->size());
        return all.substr(0, all.find('\0'));
    }

  private:
    template <typename T>
    [[nodiscard]] T load(const std::byte *at) const {
        T value;
        std::memcpy(&value, at, sizeof value);
        if (!swap_)
            return value;
        T turned = 0;
        for (size_t i = 0; i < sizeof value; i++)
            turned |=
                static_cast<T>(static_cast<T>(value >> 8 * i & 0xff) << 8 * (sizeof value - 1 - i));
        return turned;
    }
    template <typename Signed, typename Unsigned>
    [[nodiscard]] uint64_t widened(const std::byte *at) const {
        const auto value = load<Unsigned>(at);
        return is_signed_ ? static_cast<uint64_t>(static_cast<int64_t>(static_cast<Signed>(value)))
                          : value;
    }
    [[nodiscard]] std::optional<uint64_t> number_at(const std::byte *at) const {
        switch (size_) {
            case 1:
                return widened<int8_t, uint8_t>(at);
            case 2:
                return widened<int16_t, uint16_t>(at);
            case 4:
                return widened<int32_t, uint32_t>(at);
            case 8:
                return widened<int64_t, uint64_t>(at);
            default:
                return {};
        }
    }

    uint32_t offset_ = 0, size_ = 0;
    bool is_signed_ = false, is_dynamic_ = false, is_relative_ = false, swap_ = false;
};

}  // namespace whydrop
