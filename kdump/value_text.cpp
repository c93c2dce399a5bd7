// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/value_text.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "kdump/hex.h"

namespace whydrop::kdump {

namespace {

constexpr unsigned most_levels = 16;
constexpr size_t most_elements = 64, most_bytes = 64, most_values = 4096;
constexpr size_t pointer_bytes = 8;

bool all_zero(std::span<const uint8_t> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

class Printer {
  public:
    explicit Printer(const Btf &btf) : btf_(btf) {}

    std::string value(uint32_t id, std::span<const uint8_t> bytes, unsigned level) {
        const auto type = btf_.type(btf_.strip(id));
        if (!type || level > most_levels)
            return bytes_text(bytes);
        if (left_ == 0)
            return "...";
        left_--;
        switch (type->kind) {
            case BtfKind::integer:
                return integer(*type, number(bytes, type->size_bytes));
            case BtfKind::enumeration:
            case BtfKind::enumeration64:
                return enumerator(*type, number(bytes, type->size_bytes));
            case BtfKind::pointer:
                return hex(number(bytes, pointer_bytes));
            case BtfKind::array:
                return array(type->id, bytes, level);
            case BtfKind::structure:
            case BtfKind::union_:
                return structure(type->id, bytes, level);
            default:
                return bytes_text(bytes);
        }
    }

  private:
    static uint64_t number(std::span<const uint8_t> bytes, size_t size) {
        uint64_t value = 0;
        std::memcpy(&value, bytes.data(), std::min({bytes.size(), size, sizeof value}));
        return value;
    }
    std::string integer(const BtfType &type, uint64_t value) {
        if (!btf_.is_signed(type.id))
            return std::to_string(value);
        const unsigned shift = 64 - std::clamp(type.size_bytes, 1u, 8u) * 8;
        return std::to_string(static_cast<int64_t>(value << shift) >> shift);
    }
    std::string enumerator(const BtfType &type, uint64_t value) {
        for (const BtfEnumerator &entry : btf_.enumerators(type.id))
            if (entry.value == value)
                return std::string(entry.name);
        return std::to_string(value);
    }

    bool is_character(uint32_t id) {
        const auto type = btf_.type(btf_.strip(id));
        return type && type->kind == BtfKind::integer && type->size_bytes == 1 &&
               (type->name == "char" || type->name == "unsigned char");
    }

    static bool is_text(std::span<const uint8_t> bytes) {
        const auto end = std::find(bytes.begin(), bytes.end(), 0);
        return end != bytes.begin() && all_zero({end, bytes.end()}) &&
               std::all_of(bytes.begin(), end, [](uint8_t byte) { return std::isprint(byte); });
    }

    std::string array(uint32_t id, std::span<const uint8_t> bytes, unsigned level) {
        const auto array = btf_.array(id);
        const size_t each = array ? btf_.size_of(array->element).value_or(0) : 0;
        if (!each)
            return bytes_text(bytes);
        if (is_character(array->element) && is_text(bytes))
            return '"' + std::string(bytes.begin(), std::find(bytes.begin(), bytes.end(), 0)) + '"';
        std::string text = "[";
        size_t shown = std::min<size_t>(bytes.size() / each, array->count);
        while (shown > 1 && all_zero(bytes.subspan((shown - 1) * each, each)))
            shown--;  // zeros at the end say nothing
        for (size_t i = 0; i < std::min(shown, most_elements); i++)
            text +=
                (i ? ", " : "") + value(array->element, bytes.subspan(i * each, each), level + 1);
        return text + (shown > most_elements ? ", ...]" : "]");
    }

    std::string structure(uint32_t id, std::span<const uint8_t> bytes, unsigned level) {
        std::string text = "{";
        for (const BtfMember &member : btf_.members(id)) {
            const std::string shown = this->member(member, bytes, level);
            if (shown.empty())
                continue;
            text += text.size() > 1 ? ", " : "";
            text += member.name.empty() ? shown : std::string(member.name) + " = " + shown;
        }
        return text + "}";
    }

    // Nothing where it is zero, or not among the bytes.
    std::string member(const BtfMember &member, std::span<const uint8_t> bytes, unsigned level) {
        const uint64_t begin = member.bit_offset / 8;
        if (begin >= bytes.size())
            return "?";
        if (member.bitfield_bits) {
            const uint64_t whole = number(bytes.subspan(begin), sizeof(uint64_t));
            const uint64_t value =
                member.bitfield_bits < 64
                    ? whole >> member.bit_offset % 8 & ((uint64_t{1} << member.bitfield_bits) - 1)
                    : whole;
            return value ? std::to_string(value) : "";
        }
        const uint64_t size = btf_.size_of(member.type).value_or(0);
        if (size > bytes.size() - begin)
            return "?";
        const auto part = bytes.subspan(begin, size);
        return all_zero(part) ? "" : value(member.type, part, level + 1);
    }

    const Btf &btf_;
    size_t left_ = most_values;
};

}  // namespace

std::string bytes_text(std::span<const uint8_t> bytes) {
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes.first(std::min(bytes.size(), most_bytes))) {
        text += text.empty() ? "" : " ";
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return bytes.size() > most_bytes ? text + " ..." : text;
}

std::string value_text(const Btf &btf, uint32_t type, std::span<const uint8_t> bytes) {
    return Printer(btf).value(type, bytes, 0);
}

}  // namespace whydrop::kdump
