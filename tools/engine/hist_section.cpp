// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_section.h"

#include <algorithm>
#include <cctype>

#include "render/document.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {

namespace {

using Row = std::vector<Value>;

std::string uppercase(std::string text) {
    for (char &letter : text)
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    return text;
}

bool has_number_and_name(const HistKey &key) {
    return key.modifier == HistModifier::sym || key.modifier == HistModifier::sym_offset ||
           key.modifier == HistModifier::execname || key.modifier == HistModifier::syscall;
}

bool is_range(const HistKey &key) {
    return key.modifier == HistModifier::log2 || key.modifier == HistModifier::buckets;
}

// Two columns where a key is both a number and a name: in text it is one.
void add_columns(std::vector<DocumentColumn> &columns, const HistKey &key) {
    const std::string title = is_stack_key(key) ? "" : uppercase(key.name);
    if (has_number_and_name(key)) {
        const bool address =
            key.modifier == HistModifier::sym || key.modifier == HistModifier::sym_offset;
        columns.emplace_back(key.name + "_name", title);
        columns.emplace_back(key.name, "", address ? ValueForm::hex : ValueForm::json);
    } else if (is_range(key)) {
        columns.emplace_back(key.name + "_range", title);
        columns.emplace_back(key.name + "_min", "", ValueForm::json);
        columns.emplace_back(key.name + "_max", "", ValueForm::json);
    } else {
        const bool hex = key.modifier == HistModifier::hex;
        columns.emplace_back(is_stack_key(key) ? "stack" : key.name, title,
                             hex ? ValueForm::hex : ValueForm::plain);
    }
}

std::string range_text(const HistKeyValue &value) {
    const std::string first = std::to_string(value.number);
    return value.number == value.last ? first : first + "-" + std::to_string(value.last);
}

void add_values(Row &row, const HistKey &key, const HistKeyValue &value) {
    if (is_stack_key(key)) {
        row.emplace_back(value.stack);
    } else if (has_number_and_name(key)) {
        const bool process = key.modifier == HistModifier::execname;
        row.emplace_back(process ? value.text + " " + std::to_string(value.number) : value.text);
        row.emplace_back(value.number);
    } else if (is_range(key)) {
        row.emplace_back(range_text(value));
        row.emplace_back(value.number);
        row.emplace_back(value.last);
    } else if (!value.text.empty()) {
        row.emplace_back(value.text);
    } else {
        row.emplace_back(value.number);
    }
}

size_t place_of(const std::vector<std::string> &names, const std::string &name) {
    return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

// A sum where it is called as one, else the key of that name; "len.log2" is the key in any case.
// Below, above or at zero as `a` stands before, behind or beside `b` in rising order.
int compare(const Histogram &histogram, const std::string &name, const HistEntry &a,
            const HistEntry &b) {
    if (name == "hitcount")
        return (a.hits > b.hits) - (a.hits < b.hits);
    if (const size_t i = place_of(histogram.values, name); i < histogram.values.size())
        return (a.values[i] > b.values[i]) - (a.values[i] < b.values[i]);
    for (size_t i = 0; i < histogram.keys.size(); i++)
        if (histogram.keys[i].name == name || to_text(histogram.keys[i]) == name) {
            const auto &left = a.keys[i], &right = b.keys[i];
            const int numbers = (left.number > right.number) - (left.number < right.number);
            return numbers ? numbers : left.text.compare(right.text);
        }
    return 0;
}

std::vector<const HistEntry *> ranked(const Histogram &histogram, const HistView &view) {
    std::vector<const HistEntry *> entries;
    for (const HistEntry &entry : histogram.entries)
        entries.push_back(&entry);
    std::vector<HistSort> sort = view.sort;
    sort.push_back({"hitcount", true});
    std::stable_sort(entries.begin(), entries.end(), [&](const HistEntry *a, const HistEntry *b) {
        for (const HistSort &by : sort)
            if (const int order = compare(histogram, by.name, *a, *b); order != 0)
                return by.descending ? order > 0 : order < 0;
        return false;
    });
    return entries;
}

std::vector<DocumentColumn> columns_of(const Histogram &histogram, const HistView &view) {
    std::vector<DocumentColumn> columns = {{"hits", "HITS"}, {"hits_percent", "%"}};
    if (view.seconds > 0)
        columns.emplace_back("hits_per_second", "/S");
    for (const std::string &value : histogram.values) {
        const size_t dot = value.find('.');
        const bool hex = dot != std::string::npos && value.substr(dot) == ".hex";
        const std::string name = value.substr(0, dot);
        const bool also_key = std::any_of(histogram.keys.begin(), histogram.keys.end(),
                                          [&](const HistKey &key) { return key.name == name; });
        columns.emplace_back(name + "_sum", uppercase(name) + (also_key ? " SUM" : ""),
                             hex ? ValueForm::hex : ValueForm::plain);
        if (view.percent)
            columns.emplace_back(name + "_percent", "%");
    }
    for (const HistKey &key : histogram.keys)
        add_columns(columns, key);
    return columns;
}

// The kernel's hits are those with room in the table (tracing_map_insert).
uint64_t counted_by(const Histogram &histogram) {
    return histogram.hits + histogram.dropped;
}

std::vector<uint64_t> sums_of(const Histogram &histogram) {
    std::vector<uint64_t> sums(histogram.values.size());
    for (const HistEntry &entry : histogram.entries)
        for (size_t i = 0; i < sums.size(); i++)
            sums[i] += entry.values[i];
    return sums;
}

// The share of what they are ranked by.
size_t bar_column(const Histogram &histogram, const HistView &view) {
    const size_t hits = 1;
    if (!view.percent || view.sort.empty())
        return hits;
    const size_t i = place_of(histogram.values, view.sort.front().name);
    if (i >= histogram.values.size())
        return hits;
    return hits + (view.seconds > 0 ? 1 : 0) + 2 * (i + 1);
}

}  // namespace

std::string hist_title(const HistReport &report) {
    const Histogram &histogram = report.histogram;
    const uint64_t hits = counted_by(histogram);
    const auto number = [](double value) { return value_text(value, ValueForm::plain); };
    std::string title = report.event + ": " + std::to_string(hits) + (hits == 1 ? " hit" : " hits");
    if (report.view.seconds > 0)
        title += " in " + number(report.view.seconds) + " s (" +
                 number(static_cast<double>(hits) / report.view.seconds) + "/s)";
    if (const size_t i = place_of(histogram.values, "latency_ns");
        i < histogram.values.size() && histogram.hits > 0)
        title += ", " + std::to_string(sums_of(histogram)[i] / histogram.hits) + " ns on average";
    const size_t entries = histogram.entries.size();
    return title + ", " + std::to_string(entries) + (entries == 1 ? " entry" : " entries");
}

Section hist_summary(const HistReport &report) {
    const Histogram &histogram = report.histogram;
    std::vector<std::string> keys;
    for (const HistKey &key : histogram.keys)
        keys.push_back(to_text(key));
    Section section;
    section.type = "hist";
    section.columns = {{"event", ""},   {"keys", ""}, {"values", ""},  {"filter", ""},
                       {"seconds", ""}, {"hits", ""}, {"entries", ""}, {"final", ""}};
    Row row = {report.event, keys, histogram.values};
    row.push_back(report.condition.empty() ? Value() : Value(report.condition));
    row.push_back(report.view.seconds > 0 ? Value(report.view.seconds) : Value());
    row.emplace_back(counted_by(histogram));
    row.emplace_back(uint64_t{histogram.entries.size()});
    row.emplace_back(report.final);
    section.rows.push_back(std::move(row));
    return section;
}

Section hist_section(const Histogram &histogram, const HistView &view) {
    Section section;
    section.type = "hist_entry";
    section.if_empty = "nothing was counted";
    section.columns = columns_of(histogram, view);
    if (std::any_of(histogram.keys.begin(), histogram.keys.end(), is_stack_key))
        section.shape = SectionShape::blocks;
    else
        section.columns[bar_column(histogram, view)].form = ValueForm::share;
    const double counted = static_cast<double>(std::max<uint64_t>(counted_by(histogram), 1));
    const std::vector<uint64_t> sums = sums_of(histogram);
    for (const HistEntry *entry : ranked(histogram, view)) {
        Row row = {entry->hits};
        const auto hits = static_cast<double>(entry->hits);
        row.emplace_back(100 * hits / counted);
        if (view.seconds > 0)
            row.emplace_back(hits / view.seconds);
        for (size_t i = 0; i < entry->values.size(); i++) {
            row.emplace_back(entry->values[i]);
            if (view.percent)
                row.emplace_back(100 * static_cast<double>(entry->values[i]) /
                                 static_cast<double>(std::max<uint64_t>(sums[i], 1)));
        }
        for (size_t i = 0; i < histogram.keys.size(); i++)
            add_values(row, histogram.keys[i], entry->keys[i]);
        section.rows.push_back(std::move(row));
    }
    return section;
}

Losses hist_losses(const Histogram &histogram, const TraceLosses &missed) {
    Losses losses;
    const auto add = [&](const char *kind, uint64_t count, std::string why) {
        if (count > 0)
            losses.push_back({kind, count, "events", std::move(why), false});
    };
    add("no_room", histogram.dropped,
        "found no room in the table: a larger --size, or coarser keys (.log2, .buckets=N), give "
        "them some");
    add("ring_full", missed.no_room,
        std::string("came faster than they were read") +
            (missed.of_any_kind ? "; of any kind that was recorded, stacks too" : ""));
    add("interrupted", missed.interrupted, "were given up by the kernel as an interrupt came");
    add("unreadable", missed.unreadable, "were cut or damaged");
    if (missed.without_stack > 0)
        losses.push_back({"no_stack", missed.without_stack, "stacks",
                          "did not come with their events, which are counted under none", true});
    return losses;
}

}  // namespace whydrop
