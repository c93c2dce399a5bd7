// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/hist_key.h"

#include <optional>

#include "sys/number.h"

namespace whydrop {

namespace {

struct ModifierName {
    HistModifier modifier;
    const char *name;
};

constexpr ModifierName modifier_names[] = {
    {HistModifier::hex, "hex"},
    {HistModifier::sym, "sym"},
    {HistModifier::sym_offset, "sym-offset"},
    {HistModifier::log2, "log2"},
    {HistModifier::execname, "execname"},
    {HistModifier::syscall, "syscall"},
    {HistModifier::usecs, "usecs"},
    {HistModifier::stacktrace, "stacktrace"},
};

constexpr const char *buckets = "buckets=";

std::optional<uint64_t> bucket_width(const std::string &word) {
    if (!word.starts_with(buckets))
        return {};
    const auto width = whole_number<uint64_t>(word.substr(std::string(buckets).size()));
    return width && *width > 0 ? width : std::nullopt;
}

}  // namespace

bool is_stack_key(const HistKey &key) {
    return key.modifier == HistModifier::stacktrace || key.name == "stacktrace" ||
           key.name == "common_stacktrace";
}

Result<HistKey> parse_hist_key(const std::string &text) {
    const size_t dot = text.find('.');
    HistKey key;
    key.name = text.substr(0, dot);
    if (key.name.empty())
        return Error{Errc::usage, "'" + text + "' is no key: it names no field", {}};
    if (dot == std::string::npos)
        return key;
    const std::string word = text.substr(dot + 1);
    if (const auto width = bucket_width(word)) {
        key.modifier = HistModifier::buckets;
        key.bucket = *width;
        return key;
    }
    std::string known;
    for (const ModifierName &row : modifier_names) {
        if (word == row.name) {
            key.modifier = row.modifier;
            return key;
        }
        known += std::string(".") + row.name + ", ";
    }
    return Error{Errc::usage, "'" + text + "': there is no modifier '" + word + "'",
                 "there are " + known + "and .buckets=N"};
}

std::string to_text(const HistKey &key) {
    if (key.modifier == HistModifier::buckets)
        return key.name + "." + buckets + std::to_string(key.bucket);
    for (const ModifierName &row : modifier_names)
        if (row.modifier == key.modifier)
            return key.name + "." + row.name;
    return key.name;
}

}  // namespace whydrop
