// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_diff.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

namespace whydrop {

namespace {

using Keys = std::vector<std::vector<std::string>>;

struct Side {
    uint64_t hits = 0;
    std::vector<uint64_t> sums;
};
struct Change {
    const Keys *keys = nullptr;
    Side side[2];
    double amount = 0;  // by which they are ranked
};

// "bash 4321" without the pid.
std::string without_pid(const std::string &process) {
    const size_t space = process.rfind(' ');
    const bool pid = space != std::string::npos && space + 1 < process.size() &&
                     process.find_first_not_of("0123456789", space + 1) == std::string::npos;
    return pid ? process.substr(0, space) : process;
}

// "udp_rcv+0x4/0x8 [module]" without the distances.
std::string without_offset(const std::string &symbol) {
    const size_t plus = symbol.find("+0x");
    if (plus == std::string::npos)
        return symbol;
    const size_t space = symbol.find(' ', plus);
    return symbol.substr(0, plus) + (space == std::string::npos ? "" : symbol.substr(space));
}

Keys identity(const RecordedHist &hist, const RecordedHistEntry &entry, bool other_kernel) {
    Keys keys = entry.keys;
    for (size_t i = 0; i < keys.size(); i++)
        for (std::string &line : keys[i]) {
            if (hist.keys[i].ends_with(".execname"))
                line = without_pid(line);
            if (other_kernel)
                line = without_offset(line);
        }
    return keys;
}

std::string joined(const std::vector<std::string> &words) {
    std::string text;
    for (const std::string &word : words)
        text += (text.empty() ? "" : ",") + word;
    return text;
}

Status same_question(const RecordedHist &before, const RecordedHist &after) {
    if (before.event != after.event)
        return Error{Errc::usage,
                     "two events cannot be compared: " + before.event + " and " + after.event,
                     {}};
    if (before.keys != after.keys)
        return Error{
            Errc::usage,
            "they count by different keys: " + joined(before.keys) + " and " + joined(after.keys),
            {}};
    return success();
}

// Sums that both have.
std::vector<std::string> common_values(const RecordedHist &before, const RecordedHist &after) {
    std::vector<std::string> common;
    for (const std::string &value : before.values)
        if (std::find(after.values.begin(), after.values.end(), value) != after.values.end())
            common.push_back(value);
    return common;
}

using Changes = std::map<Keys, Change>;

void add(Changes &changes, const RecordedHist &hist, size_t which, bool other_kernel,
         const std::vector<std::string> &values) {
    for (const RecordedHistEntry &entry : hist.entries) {
        const auto [at, made] = changes.try_emplace(identity(hist, entry, other_kernel));
        at->second.keys = &at->first;
        for (Side &side : at->second.side)
            side.sums.resize(values.size());
        Side &side = at->second.side[which];
        side.hits += entry.hits;
        for (size_t i = 0; i < values.size(); i++) {
            const auto place = std::find(hist.values.begin(), hist.values.end(), values[i]);
            side.sums[i] += entry.sums[static_cast<size_t>(place - hist.values.begin())];
        }
    }
}

std::vector<const Change *> ranked(Changes &changes, const double seconds[2]) {
    std::vector<const Change *> list;
    for (auto &[keys, change] : changes) {
        change.amount = std::abs(static_cast<double>(change.side[1].hits) / seconds[1] -
                                 static_cast<double>(change.side[0].hits) / seconds[0]);
        list.push_back(&change);
    }
    std::stable_sort(list.begin(), list.end(),
                     [](const Change *a, const Change *b) { return a->amount > b->amount; });
    return list;
}

std::string uppercase(std::string text) {
    for (char &letter : text)
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    return text;
}

bool is_stack(const std::string &key) {
    return key.ends_with("stacktrace");
}

std::string name_of(const std::string &key) {
    return is_stack(key) ? "stack" : key.substr(0, key.find('.'));
}

std::vector<DocumentColumn> columns_of(const RecordedHist &hist, bool rates,
                                       const std::vector<std::string> &values) {
    std::vector<DocumentColumn> columns = {{"change", "CHANGE"}};
    if (rates) {
        columns.emplace_back("hits_per_second_before", "BEFORE/S");
        columns.emplace_back("hits_per_second_after", "AFTER/S");
    }
    columns.emplace_back("hits_before", "BEFORE");
    columns.emplace_back("hits_after", "AFTER");
    for (const std::string &value : values) {
        const std::string name = name_of(value);
        columns.emplace_back(name + "_sum_before", uppercase(name) + " BEFORE");
        columns.emplace_back(name + "_sum_after", "AFTER");
    }
    for (const std::string &key : hist.keys)
        columns.emplace_back(name_of(key), is_stack(key) ? "" : uppercase(name_of(key)));
    return columns;
}

// "new", "gone", "+50.0%"; of rates where there are any.
std::string change_text(const Change &change, const double seconds[2]) {
    const auto &[before, after] = change.side;
    if (before.hits == 0)
        return "new";
    if (after.hits == 0)
        return "gone";
    const double ratio = static_cast<double>(after.hits) / seconds[1] * seconds[0] /
                         static_cast<double>(before.hits);
    const auto tenths = std::llround((ratio - 1) * 1000);
    return (tenths < 0 ? "-" : "+") + std::to_string(std::abs(tenths) / 10) + "." +
           std::to_string(std::abs(tenths) % 10) + "%";
}

std::vector<Value> row_of(const RecordedHist &hist, const Change &change, bool rates,
                          const double seconds[2]) {
    std::vector<Value> row = {change_text(change, seconds)};
    if (rates)
        for (const size_t i : {0, 1})
            row.emplace_back(static_cast<double>(change.side[i].hits) / seconds[i]);
    for (const Side &side : change.side)
        row.emplace_back(side.hits);
    for (size_t i = 0; i < change.side[0].sums.size(); i++)
        for (const Side &side : change.side)
            row.emplace_back(side.sums[i]);
    for (size_t i = 0; i < hist.keys.size(); i++) {
        const auto &lines = (*change.keys)[i];
        row.push_back(is_stack(hist.keys[i]) ? Value(lines) : Value(joined(lines)));
    }
    return row;
}

}  // namespace

Result<Section> hist_diff(const RecordedHist &before, const RecordedHist &after) {
    if (auto same = same_question(before, after); !same)
        return same.error();
    const bool rates = before.seconds > 0 && after.seconds > 0;
    const double seconds[2] = {rates ? before.seconds : 1, rates ? after.seconds : 1};
    const bool other_kernel = before.session.kernel != after.session.kernel;
    const std::vector<std::string> values = common_values(before, after);
    Changes changes;
    add(changes, before, 0, other_kernel, values);
    add(changes, after, 1, other_kernel, values);
    Section section;
    section.type = "hist_change";
    section.title = before.event + ": " + std::to_string(before.hits) + " hits before, " +
                    std::to_string(after.hits) + " after";
    section.if_empty = "nothing was counted, before and after";
    section.columns = columns_of(before, rates, values);
    if (std::any_of(before.keys.begin(), before.keys.end(), is_stack))
        section.shape = SectionShape::blocks;
    for (const Change *change : ranked(changes, seconds))
        section.rows.push_back(row_of(before, *change, rates, seconds));
    return section;
}

std::vector<std::string> hist_diff_notes(const RecordedHist &before, const RecordedHist &after) {
    std::vector<std::string> notes;
    if (before.session.kernel != after.session.kernel)
        notes.push_back("two kernels: " + before.session.kernel + " and " + after.session.kernel);
    for (const auto *side : {&before, &after})
        if (!side->final)
            notes.push_back(std::string("the run ") + (side == &before ? "before" : "after") +
                            " did not come to its end: this is the last table it wrote");
    return notes;
}

}  // namespace whydrop
