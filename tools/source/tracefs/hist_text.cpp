// SPDX-License-Identifier: GPL-2.0-or-later
// As hist_trigger_show and hist_trigger_print_key (kernel/trace/trace_events_hist.c) write it.
#include "source/tracefs/hist_text.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "source/tracefs/hist_key.h"
#include "source/tracefs/hist_reader.h"

namespace whydrop {

namespace {

constexpr std::string_view header = "# trigger info: ";
constexpr std::string_view totals = "\nTotals:\n";

std::vector<std::string> words(std::string_view list, char between) {
    std::vector<std::string> found;
    while (!list.empty()) {
        const size_t end = std::min(list.find(between), list.size());
        found.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return found;
}

// 7.2 writes this name twice, in the trigger only.
std::string once(const std::string &word) {
    return word == "common_cpucommon_cpu" ? "common_cpu" : word;
}

// "hist:keys=protocol,stacktrace:vals=hitcount,len:sort=hitcount:size=2048 if len > 7 [active]"
Status read_trigger(std::string_view line, Histogram &histogram) {
    histogram.trigger = line;
    histogram.paused = line.ends_with("[paused]");
    // Neither a key nor a value has a space in it, and the condition follows one.
    for (const std::string &part : words(line.substr(0, line.find(' ')), ':')) {
        const size_t equals = part.find('=');
        const std::string name = part.substr(0, equals);
        if (equals == std::string::npos || (name != "keys" && name != "vals"))
            continue;
        for (const std::string &word : words(std::string_view(part).substr(equals + 1), ',')) {
            auto key = parse_hist_key(once(word));
            if (!key)
                return Error{Errc::failed, "cannot read the trigger " + histogram.trigger,
                             key.error().what};
            if (name == "keys")
                histogram.keys.push_back(std::move(*key));
            else
                histogram.values.push_back(word);
        }
    }
    if (histogram.keys.empty())
        return Error{Errc::failed, "no keys in the trigger " + histogram.trigger, {}};
    return success();
}

uint64_t total(std::string_view text, std::string_view name) {
    const size_t at = text.find(name);
    uint64_t value = 0;
    if (at != std::string_view::npos) {
        const std::string_view digits = text.substr(at + name.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
    }
    return value;
}

Error not_understood(std::string_view at) {
    return Error{Errc::failed,
                 "cannot read a histogram's entry: " + std::string(at.substr(0, at.find('\n'))),
                 {}};
}

// What an entry's value columns are: hits first, where they are not left out (":nohitcount").
Status read_entries(std::string_view text, Histogram &histogram) {
    const HistReader reader(histogram.keys, histogram.values);
    while (!text.empty()) {
        // Between them are empty lines, and what actions say about themselves.
        if (!text.starts_with("{ ")) {
            const size_t end = text.find('\n');
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            continue;
        }
        const std::string_view before = text;
        auto entry = reader.read(text);
        if (!entry)
            return not_understood(before);
        histogram.entries.push_back(std::move(*entry));
    }
    return success();
}

// `section` begins behind the words "# trigger info: ".
Result<Histogram> read_section(std::string_view section) {
    Histogram histogram;
    const size_t end = std::min(section.find("\n#\n"), section.size());
    if (auto read = read_trigger(section.substr(0, end), histogram); !read)
        return read.error();
    section.remove_prefix(end);
    const size_t sums = std::min(section.rfind(totals), section.size());
    histogram.hits = total(section.substr(sums), "\n    Hits: ");
    histogram.dropped = total(section.substr(sums), "\n    Dropped: ");
    const std::string_view entries = section.substr(0, sums);
    // A key that was asked for as `cpu` keeps that name in the entries alone.
    for (HistKey &key : histogram.keys)
        if (key.name == "common_cpu" && entries.find("common_cpu:") == std::string_view::npos)
            key.name = "cpu";
    if (auto read = read_entries(entries, histogram); !read)
        return read.error();
    // The kernel counts hits among the values; in the model they stand apart.
    std::erase(histogram.values, "hitcount");
    return histogram;
}

}  // namespace

Result<std::vector<Histogram>> parse_hist(const std::string &text) {
    static const std::string mark = "# event histogram\n#\n" + std::string(header);
    std::vector<Histogram> histograms;
    for (size_t at = text.find(mark); at != std::string::npos;) {
        at += mark.size();
        const size_t next = text.find(mark, at);
        const size_t length = next == std::string::npos ? next : next - at;
        auto histogram = read_section(std::string_view(text).substr(at, length));
        if (!histogram)
            return histogram.error();
        histograms.push_back(std::move(*histogram));
        at = next;
    }
    return histograms;
}

void name_values(Histogram &histogram, const EventFormat &format) {
    for (size_t i = 0; i < histogram.keys.size(); i++) {
        const HistKey &key = histogram.keys[i];
        const EventField *field = format.field(key.name);
        if (!field || key.modifier != HistModifier::none)
            continue;
        for (HistEntry &entry : histogram.entries) {
            HistKeyValue &value = entry.keys[i];
            if (!value.text.empty())
                continue;
            for (const auto &[number, name] : field->names)
                if (number == value.number && !field->is_flags)
                    value.text = name;
            if (value.text.empty() && field->is_signed && field->kind == EventField::Kind::number)
                value.text = std::to_string(static_cast<int64_t>(value.number));
        }
    }
}

}  // namespace whydrop
