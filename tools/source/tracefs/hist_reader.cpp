// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/hist_reader.h"

#include <algorithm>
#include <charconv>

#include "source/tracefs/hist_key.h"

namespace whydrop {

namespace {

// Strings are padded to this width, and may themselves hold what ends a key.
constexpr size_t text_width = 50;
constexpr size_t comm_width = 16;
constexpr size_t syscall_width = 30;

void skip_spaces(std::string_view &text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

bool take(std::string_view &text, std::string_view wanted) {
    if (!text.starts_with(wanted))
        return false;
    text.remove_prefix(wanted.size());
    return true;
}

std::optional<uint64_t> take_number(std::string_view &text, int base = 10) {
    skip_spaces(text);
    uint64_t value = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (bad != std::errc())
        return {};
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

std::string without_padding(std::string_view text) {
    const size_t last = text.find_last_not_of(' ');
    return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

// What stands before `end`, which is not looked for in the first `width` letters.
std::optional<std::string> take_text(std::string_view &text, size_t width, std::string_view end) {
    const size_t at = text.find(end, width);
    if (at == std::string_view::npos)
        return {};
    std::string found = without_padding(text.substr(0, at));
    text.remove_prefix(at);
    return found;
}

// "~ 2^6", "~ 100-199"
std::optional<HistKeyValue> take_range(std::string_view &text, HistModifier modifier) {
    HistKeyValue value;
    skip_spaces(text);
    const bool power = modifier == HistModifier::log2;
    if (!take(text, power ? "~ 2^" : "~ "))
        return {};
    const auto first = take_number(text);
    if (!first)
        return {};
    if (!power) {
        const auto last = take(text, "-") ? take_number(text) : std::nullopt;
        if (!last)
            return {};
        return HistKeyValue{*first, *last, {}, {}};
    }
    // 2^6 is of 33 to 64: the kernel rounds up (hist_field_log2: ilog2(roundup_pow_of_two())).
    constexpr uint64_t bits = 64;
    value.number = *first == 0 || *first > bits ? 0 : (uint64_t{1} << (*first - 1)) + 1;
    value.last = *first >= bits ? UINT64_MAX : uint64_t{1} << *first;
    return value;
}

// "bash            [      1234]", "sys_openat                    [257]"
std::optional<HistKeyValue> take_named(std::string_view &text, size_t width) {
    const size_t bracket = text.find('[', width);
    if (bracket == std::string_view::npos)
        return {};
    HistKeyValue value;
    value.text = without_padding(text.substr(0, bracket));
    text.remove_prefix(bracket + 1);
    const auto number = take_number(text);
    if (!number || !take(text, "]"))
        return {};
    value.number = *number;
    return value;
}

// "[ffffffff81a3c0f9] ip_rcv_core+0x200/0x400 [module]", padded
std::optional<HistKeyValue> take_symbol(std::string_view &text, std::string_view end) {
    HistKeyValue value;
    if (!take(text, "["))
        return {};
    const auto address = take_number(text, 16);
    if (!address || !take(text, "] "))
        return {};
    value.number = *address;
    auto name = take_text(text, 0, end);
    if (!name)
        return {};
    value.text = std::move(*name);
    return value;
}

// Behind "stacktrace:" a line for each function, far from the left edge.
HistKeyValue take_stack(std::string_view &text) {
    HistKeyValue value;
    take(text, ":");
    skip_spaces(text);
    take(text, "\n");
    while (text.starts_with("  ")) {
        skip_spaces(text);
        const size_t end = std::min(text.find('\n'), text.size());
        value.stack.push_back(without_padding(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return value;
}

// A number is at the right edge of ten columns, a string at the left of fifty.
std::optional<HistKeyValue> take_plain(std::string_view &text, std::string_view end) {
    std::string_view after = text;
    const auto number = take_number(after);
    if (number && after.starts_with(end)) {
        text = after;
        return HistKeyValue{*number, 0, {}, {}};
    }
    auto found = take_text(text, text_width, end);
    if (!found)
        return {};
    return HistKeyValue{0, 0, std::move(*found), {}};
}

}  // namespace

HistReader::HistReader(const std::vector<HistKey> &keys, const std::vector<std::string> &values)
    : keys_(keys) {
    for (const std::string &value : values) {
        const size_t dot = value.find('.');
        columns_.push_back({" " + value.substr(0, dot) + ":", value == "hitcount",
                            dot != std::string::npos && value.substr(dot) == ".hex"});
    }
    // With a stack among the keys, no space is before the bracket.
    const bool stack = std::any_of(keys.begin(), keys.end(), is_stack_key);
    for (size_t i = 1; i < keys.size(); i++)
        ends_.push_back(", " + keys[i].name +
                        (keys[i].modifier == HistModifier::stacktrace ? "." : ":"));
    ends_.push_back((stack ? "}" : " }") + (columns_.empty() ? std::string() : columns_[0].mark));
}

std::optional<HistKeyValue> HistReader::key_value(std::string_view &text, size_t i) const {
    const HistKey &key = keys_[i];
    if (!take(text, key.name))
        return {};
    if (is_stack_key(key)) {
        take(text, ".stacktrace");
        return take_stack(text);
    }
    if (!take(text, ": "))
        return {};
    switch (key.modifier) {
        case HistModifier::hex: {
            const auto number = take_number(text, 16);
            return number ? std::optional(HistKeyValue{*number, 0, {}, {}}) : std::nullopt;
        }
        case HistModifier::sym:
        case HistModifier::sym_offset:
            return take_symbol(text, ends_[i]);
        case HistModifier::log2:
        case HistModifier::buckets:
            return take_range(text, key.modifier);
        case HistModifier::execname:
            return take_named(text, comm_width);
        case HistModifier::syscall:
            return take_named(text, syscall_width);
        default:
            return take_plain(text, ends_[i]);
    }
}

bool HistReader::tail(std::string_view &text, HistEntry &entry) const {
    for (const Column &column : columns_) {
        // Older kernels write two spaces before a value, and pad its name.
        while (text.starts_with("  "))
            text.remove_prefix(1);
        if (!take(text, column.mark))
            return false;
        const auto value = take_number(text, column.is_hex ? 16 : 10);
        if (!value)
            return false;
        if (column.is_hits)
            entry.hits = *value;
        else
            entry.values.push_back(*value);
    }
    const size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return true;
}

std::optional<HistEntry> HistReader::read(std::string_view &text) const {
    HistEntry entry;
    if (!take(text, "{ "))
        return {};
    for (size_t i = 0; i < keys_.size(); i++) {
        auto value = key_value(text, i);
        if (!value)
            return {};
        entry.keys.push_back(std::move(*value));
        skip_spaces(text);
        if (i + 1 < keys_.size() && !take(text, ", "))
            return {};
    }
    if (!take(text, "}") || !tail(text, entry))
        return {};
    return entry;
}

}  // namespace whydrop
