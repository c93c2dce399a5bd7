// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_question.h"

#include <algorithm>

#include "engine/hist_presets.h"
#include "engine/pair_question.h"
#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {

namespace {

constexpr size_t comm_letters = 15;  // TASK_COMM_LEN, without its end

bool ends_with_word(std::string &text, const std::string &word) {
    if (!text.ends_with(word))
        return false;
    text.resize(text.size() - word.size());
    return true;
}

// Most first, but keys from their smallest on.
HistSort parse_sort(const std::string &text, const HistQuery &query) {
    HistSort sort;
    sort.name = text;
    sort.descending = std::none_of(query.keys.begin(), query.keys.end(),
                                   [&](const HistKey &key) { return key.name == text; });
    if (ends_with_word(sort.name, ".descending"))
        sort.descending = true;
    else if (ends_with_word(sort.name, ".ascending"))
        sort.descending = false;
    return sort;
}

bool has_field(const EventFormat &format, const HistKey &key) {
    return is_stack_key(key) || key.name.starts_with("common_") || format.field(key.name);
}

// What a kernel's event does not have yet is no reason not to answer the rest.
void leave_out_missing(HistWords &words, const EventFormat &format,
                       std::vector<std::string> &notes) {
    for (auto *list : {&words.keys, &words.values})
        std::erase_if(*list, [&](const std::string &word) {
            const auto key = parse_hist_key(word);
            const bool missing = key && !has_field(format, *key);
            if (missing)
                notes.push_back("this kernel's " + format.name + " has no '" + key->name +
                                "': it is left out");
            return missing;
        });
}

Result<HistWords> of_preset(const HistPreset &preset, HistWords words) {
    const std::string usage = std::string("whydrop hist ") + preset.name;
    if (preset.argument && words.argument.empty())
        return Error{Errc::usage, usage + " needs a " + preset.argument,
                     usage + " " + preset.argument};
    words.event = preset.event;
    if (words.keys.empty())
        words.keys = preset.keys;
    if (words.values.empty())
        words.values = preset.values;
    if (words.sort.empty())
        words.sort = preset.sort;
    if (preset.argument) {
        const std::string own = preset.filter + words.argument;
        words.filter = words.filter.empty() ? own : own + " && (" + words.filter + ")";
        words.argument.clear();
    }
    return words;
}

Result<HistQuery> query_of(const HistWords &words) {
    HistQuery query;
    for (const std::string &word : words.keys) {
        auto key = parse_hist_key(word);
        if (!key)
            return key.error();
        query.keys.push_back(std::move(*key));
    }
    if (words.stack && std::none_of(query.keys.begin(), query.keys.end(), is_stack_key))
        query.keys.push_back({"stacktrace", HistModifier::none, 0});
    query.values = words.values;
    for (const std::string &word : words.sort)
        query.sort.push_back(parse_sort(word, query));
    query.condition = words.filter;
    query.size = words.size;
    query.paused = !words.start_on.empty();
    return query;
}

std::string equals(const std::string &field, const std::string &value) {
    const bool pattern = value.find('*') != std::string::npos;
    return field + (pattern ? " ~ " : " == ") + "\"" + value + "\"";
}

// "EVENT if CONDITION", or one of the two short forms.
Result<HistSwitch> switch_of(const TraceFs &fs, const std::string &text,
                             std::vector<std::string> &notes) {
    static const std::string exec = "exec:", exit = "exit:", between = " if ";
    if (text.starts_with(exec)) {
        // The kernel has it as it was executed: /bin/wget is not /usr/bin/wget.
        const std::string path = text.substr(exec.size());
        const bool anywhere = path.find('/') == std::string::npos;
        return HistSwitch{{"sched", "sched_process_exec"},
                          equals("filename", anywhere ? "*/" + path : path)};
    }
    if (text.starts_with(exit)) {
        std::string comm = text.substr(exit.size());
        if (comm.size() > comm_letters) {
            comm.resize(comm_letters);
            notes.push_back("the kernel knows processes by " + std::to_string(comm_letters) +
                            " letters: counting ends when one called '" + comm + "' exits");
        }
        return HistSwitch{{"sched", "sched_process_exit"}, equals("comm", comm)};
    }
    const size_t at = text.find(between);
    auto event = fs.event(text.substr(0, at));
    if (!event)
        return Error{event.error().code, event.error().what,
                     "it takes exec:PATH, exit:COMM, or EVENT if CONDITION"};
    return HistSwitch{*event, at == std::string::npos ? "" : text.substr(at + between.size())};
}

Status add_switch(const TraceFs &fs, const std::string &text, std::vector<HistSwitch> &list,
                  std::vector<std::string> &notes) {
    if (text.empty())
        return success();
    auto at = switch_of(fs, text, notes);
    if (!at)
        return at.error();
    list.push_back(std::move(*at));
    return success();
}

// Events of these mostly happen in softirq, which runs in the time of whoever is there.
bool is_of_softirq(const TraceEvent &event) {
    static const char *const systems[] = {"bridge", "fib",   "fib6",      "icmp",  "irq", "napi",
                                          "neigh",  "net",   "page_pool", "qdisc", "skb", "sock",
                                          "tcp",    "timer", "udp",       "xdp"};
    return std::find(std::begin(systems), std::end(systems), event.system) != std::end(systems);
}

}  // namespace

Result<HistQuestion> hist_question(const TraceFs &fs, const HistWords &typed) {
    if (!typed.from.empty() || !typed.to.empty() || !typed.on.empty())
        return pair_question(fs, typed);
    HistWords words = typed;
    HistQuestion question;
    const HistPreset *preset = hist_preset(typed.event);
    if (preset) {
        auto filled = of_preset(*preset, typed);
        if (!filled)
            return filled.error();
        words = std::move(*filled);
    }
    if (!words.argument.empty())
        return Error{Errc::usage, "unexpected argument '" + words.argument + "'",
                     "conditions are given by --filter"};
    auto event = fs.event(words.event);
    if (!event)
        return event.error();
    auto format = read_event_format(fs.top(), *event);
    if (!format)
        return format.error();
    if (preset && typed.keys.empty())
        leave_out_missing(words, *format, question.notes);
    auto query = query_of(words);
    if (!query)
        return query.error();
    if (query->keys.empty())
        return Error{Errc::usage, "nothing to count " + event->text() + " by",
                     "--key takes " + field_names(*format) +
                         ", common_pid, common_cpu, stacktrace; -s counts by stack"};
    question.what = event->text();
    question.condition = words.filter;
    question.ask.event = *event;
    question.ask.query = std::move(*query);
    for (const auto &[text, list] : {std::pair(&words.start_on, &question.ask.start_on),
                                     std::pair(&words.stop_on, &question.ask.stop_on)})
        if (auto added = add_switch(fs, *text, *list, question.notes); !added)
            return added.error();
    if (words.own && is_of_softirq(*event))
        question.notes.push_back(
            event->text() +
            " can happen in softirq, which works for anybody in the time of whoever runs: --own "
            "counts what happens in the time of the command and its children, and no more");
    question.view.sort = question.ask.query.sort;
    question.view.percent = words.percent;
    return question;
}

}  // namespace whydrop
