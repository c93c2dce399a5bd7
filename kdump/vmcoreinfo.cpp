// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/vmcoreinfo.h"

#include <charconv>

namespace whydrop::kdump {

namespace {

template <typename T>
std::optional<T> parsed(std::optional<std::string_view> text, int base) {
    if (!text)
        return {};
    if (base == 16 && text->starts_with("0x"))
        text->remove_prefix(2);
    T value{};
    const auto [end, err] = std::from_chars(text->data(), text->data() + text->size(), value, base);
    if (err != std::errc() || end != text->data() + text->size())
        return {};
    return value;
}

std::string of_kind(std::string_view kind, std::string_view name) {
    std::string key(kind);
    key += '(';
    key += name;
    return key + ')';
}

}  // namespace

std::optional<std::string_view> VmcoreInfo::value(std::string_view key) const {
    std::optional<std::string_view> found;
    std::string_view rest = text_;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (line.size() > key.size() && line[key.size()] == '=' && line.starts_with(key))
            found = line.substr(key.size() + 1);
    }
    return found;
}

std::optional<uint64_t> VmcoreInfo::symbol(std::string_view name) const {
    return parsed<uint64_t>(value(of_kind("SYMBOL", name)), 16);
}

std::optional<int64_t> VmcoreInfo::number(std::string_view name) const {
    return parsed<int64_t>(value(of_kind("NUMBER", name)), 10);
}

}  // namespace whydrop::kdump
