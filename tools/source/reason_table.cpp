// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/reason_table.h"

#include <algorithm>
#include <numeric>

#include "sys/number.h"

namespace whydrop {

namespace {

constexpr std::string_view kCorePrefix = "SKB_DROP_REASON_";
constexpr std::string_view kSubsystemPrefix = "SKB_DROP_REASON_SUBSYS_";
constexpr uint32_t kSubsystemShift = 16;  // SKB_DROP_REASON_SUBSYS_SHIFT
constexpr uint32_t kInSubsystem = 0xffff;

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string upper(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return upper(c); });
    return result;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char &c : result)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return result;
}

std::string_view without_underscores(std::string_view name) {
    return name.substr(std::min(name.find_first_not_of('_'), name.size()));
}

std::optional<uint32_t> number(std::string_view text) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    return hex ? whole_number<uint32_t>(text.substr(2), 16) : whole_number<uint32_t>(text);
}

// Letters to insert, remove or replace to get from one to the other (Levenshtein).
size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < a.size(); i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.size(); j++) {
            const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

Result<ReasonWords> reason_words(const std::vector<std::string> &words) {
    ReasonWords read;
    for (const std::string &word : words) {
        const bool negated = word.starts_with('!');
        if (!read.names.empty() && negated != read.negated)
            return Error{Errc::usage,
                         "-r takes reasons to see or, all with '!', reasons to leave out",
                         "write either -r A,B or -r '!A,!B'"};
        read.negated = negated;
        read.names.push_back(word.substr(negated ? 1 : 0));
    }
    return read;
}

std::string bare_reason_name(std::string_view name) {
    const std::string text = upper(without_underscores(name));
    return text.starts_with(kCorePrefix) ? text.substr(kCorePrefix.size()) : text;
}

void ReasonTable::add_subsystem(std::string_view enumerator, uint32_t id) {
    if (!enumerator.starts_with(kSubsystemPrefix) || enumerator.ends_with("_NUM"))
        return;
    const std::string name = lower(enumerator.substr(kSubsystemPrefix.size()));
    // Two ids share one list of names: frames for monitors only, and unusable ones.
    subsystems_[id] = name.starts_with("mac80211") ? "mac80211" : name;
}

void ReasonTable::add_core(std::string_view enumerator, uint32_t code) {
    if (code > kInSubsystem)  // SUBSYS_MASK
        return;
    const bool drop = enumerator.starts_with(kCorePrefix);
    if (drop)
        enumerator.remove_prefix(kCorePrefix.size());
    if (enumerator == "MAX")
        return;
    entries_.push_back({{code, std::string(enumerator), "core"}, drop});
}

void ReasonTable::add_other(std::string_view enumerator, uint32_t code) {
    const auto subsystem = subsystems_.find(code >> kSubsystemShift);
    if (code <= kInSubsystem || subsystem == subsystems_.end())
        return;
    if (subsystem->second == "mac80211") {
        // Has each name twice, for sparse: ___RX_DROP_U_DUP and RX_DROP_U_DUP. Its base values are
        // reasons that it drops with.
        enumerator = without_underscores(enumerator);
    } else if ((code & kInSubsystem) == 0 && enumerator.starts_with('_')) {
        return;
    }
    if (enumerator.ends_with("_MAX"))
        return;
    entries_.push_back({{code, std::string(enumerator), subsystem->second}, true});
}

void ReasonTable::sort() {
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry &a, const Entry &b) { return a.reason.code < b.reason.code; });
    const auto same = [](const Entry &a, const Entry &b) { return a.reason == b.reason; };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
}

const ReasonTable::Entry *ReasonTable::find(uint32_t code) const {
    const auto at =
        std::lower_bound(entries_.begin(), entries_.end(), code,
                         [](const Entry &entry, uint32_t c) { return entry.reason.code < c; });
    return at != entries_.end() && at->reason.code == code ? &*at : nullptr;
}

Reason ReasonTable::reason(uint32_t code) const {
    if (const Entry *entry = find(code))
        return entry->reason;
    return {code, "", subsystem(code)};
}

std::string ReasonTable::subsystem(uint32_t code) const {
    if (code <= kInSubsystem)
        return "core";
    const auto at = subsystems_.find(code >> kSubsystemShift);
    return at != subsystems_.end() ? at->second : std::to_string(code >> kSubsystemShift);
}

bool ReasonTable::knows_subsystem(uint32_t code) const {
    return code <= kInSubsystem || subsystems_.contains(code >> kSubsystemShift);
}

std::vector<uint32_t> ReasonTable::codes(std::string_view name) const {
    if (const auto code = number(name))
        return {*code};
    std::vector<uint32_t> result;
    const std::string wanted = bare_reason_name(name);
    for (const Entry &entry : entries_)
        if (entry.drop && bare_reason_name(entry.reason.name) == wanted)
            result.push_back(entry.reason.code);
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

Error ReasonTable::unknown(std::string_view name) const {
    const std::string wanted = bare_reason_name(name);
    const std::string all =
        "all names: bpftool btf dump file /sys/kernel/btf/vmlinux | grep SKB_DROP_REASON";
    for (const Entry &entry : entries_)
        if (!entry.drop && bare_reason_name(entry.reason.name) == wanted)
            return {Errc::usage, entry.reason.name + " is not a drop: such packets are not counted",
                    all};
    // A part of a name comes nearer than any misspelling.
    std::vector<std::pair<size_t, std::string>> near;
    const size_t far = std::max<size_t>(2, wanted.size() / 3);
    for (const Entry &entry : entries_) {
        const std::string &own = entry.reason.name;
        const bool part = wanted.size() > 2 && upper(own).find(wanted) != std::string::npos;
        const size_t steps = part ? 1 : distance(wanted, bare_reason_name(own));
        if (entry.drop && steps <= far)
            near.emplace_back(steps, own);
    }
    std::stable_sort(near.begin(), near.end(),
                     [](const auto &a, const auto &b) { return a.first < b.first; });
    constexpr size_t most = 5;
    std::string hint;
    for (size_t i = 0; i < std::min(near.size(), most); i++)
        hint += (i == 0 ? "did you mean " : ", ") + near[i].second;
    return {Errc::usage, "this kernel has no drop reason '" + std::string(name) + "'",
            hint.empty() ? all : hint + "? " + all};
}

}  // namespace whydrop
