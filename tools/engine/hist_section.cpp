// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_section.h"

#include <algorithm>
#include <cctype>

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

// Below, above or at zero as `a` stands before, behind or beside `b` in rising order.
int compare(const Histogram &histogram, const std::string &name, const HistEntry &a,
            const HistEntry &b) {
    if (name == "hitcount")
        return (a.hits > b.hits) - (a.hits < b.hits);
    if (const size_t i = place_of(histogram.values, name); i < histogram.values.size())
        return (a.values[i] > b.values[i]) - (a.values[i] < b.values[i]);
    for (size_t i = 0; i < histogram.keys.size(); i++)
        if (histogram.keys[i].name == name) {
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
    if (view.top > 0 && entries.size() > view.top)
        entries.resize(view.top);
    return entries;
}

std::vector<DocumentColumn> columns_of(const Histogram &histogram, const HistView &view) {
    std::vector<DocumentColumn> columns = {{"hits", "HITS"}, {"hits_percent", "%"}};
    if (view.seconds > 0)
        columns.emplace_back("hits_per_second", "/S");
    for (const std::string &value : histogram.values) {
        const size_t dot = value.find('.');
        const bool hex = dot != std::string::npos && value.substr(dot) == ".hex";
        columns.emplace_back(value.substr(0, dot) + "_sum", uppercase(value.substr(0, dot)),
                             hex ? ValueForm::hex : ValueForm::plain);
    }
    for (const HistKey &key : histogram.keys)
        add_columns(columns, key);
    return columns;
}

}  // namespace

Section hist_section(const Histogram &histogram, const HistView &view) {
    Section section;
    section.type = "hist_entry";
    section.if_empty = "nothing was counted";
    section.columns = columns_of(histogram, view);
    if (std::any_of(histogram.keys.begin(), histogram.keys.end(), is_stack_key))
        section.shape = SectionShape::blocks;
    // The kernel's hits are those with room in the table (tracing_map_insert).
    const uint64_t counted = std::max<uint64_t>(histogram.hits + histogram.dropped, 1);
    for (const HistEntry *entry : ranked(histogram, view)) {
        Row row = {entry->hits};
        const auto hits = static_cast<double>(entry->hits);
        row.emplace_back(100 * hits / static_cast<double>(counted));
        if (view.seconds > 0)
            row.emplace_back(hits / view.seconds);
        for (const uint64_t value : entry->values)
            row.emplace_back(value);
        for (size_t i = 0; i < histogram.keys.size(); i++)
            add_values(row, histogram.keys[i], entry->keys[i]);
        section.rows.push_back(std::move(row));
    }
    return section;
}

std::vector<std::string> hist_notes(const Histogram &histogram, const HistView &view) {
    std::vector<std::string> notes;
    if (histogram.dropped > 0)
        notes.push_back(std::to_string(histogram.dropped) +
                        " hits found no room in the kernel's table: a larger size, or coarser keys "
                        "(.log2, .buckets=N), give them some");
    if (view.top > 0 && histogram.entries.size() > view.top)
        notes.push_back(std::to_string(histogram.entries.size() - view.top) +
                        " more entries are not shown");
    return notes;
}

}  // namespace whydrop
