// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/hist_trigger.h"

#include <algorithm>

#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {

namespace {

// Not in the format, and taken by the kernel beside its fields. `cpu` is its old word for
// common_cpu, before kernel commit 1e3bac71c505.
constexpr const char *common_numbers[] = {"common_cpu", "cpu", "common_timestamp"};

bool is_common_number(const std::string &name) {
    return std::find(std::begin(common_numbers), std::end(common_numbers), name) !=
           std::end(common_numbers);
}

Error no_field(const std::string &name, const EventFormat &format) {
    return Error{Errc::usage, "the event " + format.name + " has no field '" + name + "'",
                 "it has " + field_names(format) +
                     "; every event has common_pid, common_cpu, common_timestamp, stacktrace"};
}

Error of_key(const HistKey &key, const std::string &why) {
    return Error{Errc::usage, to_text(key) + ": " + why, {}};
}

Status check_modifier(const HistKey &key, const EventField *field) {
    switch (key.modifier) {
        case HistModifier::execname:
            return key.name == "common_pid" ? success()
                                            : of_key(key, "only common_pid has an .execname");
        case HistModifier::usecs:
            return key.name == "common_timestamp"
                       ? success()
                       : of_key(key, "only common_timestamp is counted in .usecs");
        case HistModifier::stacktrace:
            return field && field->is_dynamic && field->kind == EventField::Kind::bytes
                       ? success()
                       : of_key(key, "the field holds no stack");
        case HistModifier::none:
            return success();
        default:
            return !field || field->kind == EventField::Kind::number
                       ? success()
                       : of_key(key, "the field is no number");
    }
}

Status check_key(const HistKey &key, const EventFormat &format) {
    const EventField *field = format.field(key.name);
    if (!field && is_stack_key(key) && key.modifier == HistModifier::none)
        return success();
    if (!field && !is_common_number(key.name))
        return no_field(key.name, format);
    if (auto checked = check_modifier(key, field); !checked)
        return checked;
    if (field && field->kind == EventField::Kind::bytes && key.modifier != HistModifier::stacktrace)
        return of_key(key,
                      "an array of " + std::to_string(field->size) + " bytes cannot be counted by");
    return success();
}

Status check_value(const std::string &name, const EventFormat &format) {
    const EventField *field = format.field(name);
    if (!field)
        return no_field(name, format);
    if (field->kind != EventField::Kind::number)
        return Error{Errc::usage, name + " cannot be summed: it is no number", {}};
    return success();
}

Status check_sort(const HistSort &sort, const HistQuery &query) {
    if (sort.name == "hitcount")
        return success();
    std::string known = "hitcount";
    for (const HistKey &key : query.keys) {
        if (key.name == sort.name)
            return success();
        known += ", " + key.name;
    }
    for (const std::string &value : query.values) {
        if (value == sort.name)
            return success();
        known += ", " + value;
    }
    return Error{Errc::usage, "cannot sort by '" + sort.name + "', which is not counted",
                 "one of " + known};
}

Status check(const HistQuery &query, const EventFormat &format) {
    if (query.keys.empty())
        return Error{Errc::usage, "nothing to count by", "it has " + field_names(format)};
    for (const HistKey &key : query.keys)
        if (auto checked = check_key(key, format); !checked)
            return checked;
    for (const std::string &value : query.values)
        if (auto checked = check_value(value, format); !checked)
            return checked;
    for (const HistSort &sort : query.sort)
        if (auto checked = check_sort(sort, query); !checked)
            return checked;
    return success();
}

template <typename List, typename Text>
std::string joined(const std::string &word, const List &list, Text text) {
    std::string all;
    for (const auto &item : list)
        all += (all.empty() ? ":" + word + "=" : ",") + text(item);
    return all;
}

// The old name of the stack is taken by all kernels, but by a newer one for a field that is called
// so.
std::string key_text(const HistKey &key, const EventFormat &format) {
    if (!is_stack_key(key) || key.modifier != HistModifier::none || format.field(key.name))
        return to_text(key);
    return format.field("stacktrace") ? "common_stacktrace" : "stacktrace";
}

}  // namespace

Result<std::string> hist_trigger(const HistQuery &query, const EventFormat &format) {
    if (auto checked = check(query, format); !checked)
        return checked.error();
    std::string text = "hist";
    text += joined("keys", query.keys, [&](const HistKey &key) { return key_text(key, format); });
    text += joined("vals", query.values, [](const std::string &value) { return value; });
    text += joined("sort", query.sort, [](const HistSort &sort) {
        return sort.name + (sort.descending ? ".descending" : "");
    });
    if (query.size > 0)
        text += ":size=" + std::to_string(query.size);
    if (query.paused)
        text += ":pause";
    if (query.condition.empty())
        return text;
    auto condition = hist_condition(query.condition, format);
    if (!condition)
        return condition.error();
    return text + " if " + *condition;
}

}  // namespace whydrop
