// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <sstream>

#include "engine/counters_report.h"
#include "render/drop_text.h"
#include "render/words.h"

namespace whydrop {

namespace {

std::string lower(std::string text) {
    for (char &letter : text)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

// What a source is, and which tool shows it beside us.
std::string shown_by(const std::string &source, const std::string &name) {
    static const std::map<std::string, std::string> tools = {
        {counter_source::softnet, "/proc/net/softnet_stat, a line for each CPU"},
        {counter_source::link, "ip -s -s link"},
        {counter_source::link_extra, "ifstat -x; bridge -s"},
        {counter_source::driver, "ethtool -S DEV"},
        {counter_source::standard, "ethtool -S DEV --groups eth-phy eth-mac eth-ctrl rmon"},
        {counter_source::pause, "ethtool -I -a DEV"},
        {counter_source::qdisc, "tc -s qdisc"},
        {counter_source::interrupts, "/proc/interrupts"},
        {counter_source::conntrack, "/proc/net/stat/nf_conntrack; conntrack -S"}};
    if (const auto known = tools.find(source); known != tools.end())
        return known->second;
    if (source == counter_source::snmp || source == counter_source::netstat ||
        source == counter_source::snmp6)
        return "/proc/net/" + source + "; nstat -az " + name;
    if (source.empty())
        return "nstat -az " + name;
    return source.ends_with("_cache") || source == "synproxy" ? "/proc/net/stat/" + source
                                                              : "/proc/net/" + source;
}

struct Asked {
    std::string source, name;  // lower case; source empty: any
};

Asked asked_of(const std::string &text) {
    const size_t slash = text.rfind('/');
    if (slash == std::string::npos)
        return {"", lower(text)};
    return {lower(text.substr(0, slash)), lower(text.substr(slash + 1))};
}

struct Found {
    uint64_t value = 0;
    size_t places = 0;  // 0: this kernel has none now
};

using All = std::map<std::pair<std::string, std::string>, Found>;  // by source and name

All matching(const CounterReading &reading, const Asked &asked) {
    All found;
    for (const CounterGroup &group : reading.groups)
        for (const Counter &counter : group.counters)
            if (lower(counter.name) == asked.name &&
                (asked.source.empty() || lower(group.source) == asked.source)) {
                Found &at = found[{group.source, counter.name}];
                at.value += counter.value;
                at.places++;
            }
    return found;
}

// Names that have the whole of it, or of its longest word, in them.
std::string near_to(const CounterReading &reading, const Asked &asked) {
    constexpr size_t most = 5, shortest = 4;
    std::set<std::string> near;
    for (size_t length = asked.name.size(); near.empty() && length >= shortest; length--)
        for (const CounterGroup &group : reading.groups)
            for (const Counter &counter : group.counters)
                if (near.size() < most &&
                    lower(counter.name).find(asked.name.substr(0, length)) != std::string::npos)
                    near.insert(counter.name);
    std::string text;
    for (const std::string &name : near)
        text += (text.empty() ? "near to it: " : ", ") + name;
    return text.empty() ? "whydrop counters --all shows what changes; nstat -az shows names" : text;
}

// Below what it means: where it is shown, and what it is now.
std::vector<std::string> state_of(const std::string &source, const std::string &name,
                                  const Found &found) {
    std::vector<std::string> lines = {"shown by: " + shown_by(source, name)};
    if (found.places > 0)
        lines.push_back(
            "now: " + std::to_string(found.value) +
            (found.places > 1 ? ", the sum of " + std::to_string(found.places) + " places" : ""));
    else
        lines.emplace_back("this kernel does not have it now");
    return lines;
}

void add_prose(std::vector<std::string> &lines, const std::string &first, const std::string &text) {
    constexpr size_t indent = 2;
    std::istringstream wrapped(wrap(first, text, kTextColumns - indent));
    for (std::string line; std::getline(wrapped, line);)
        lines.push_back(line);
}

std::vector<std::string> lines_of(const CounterMeaning &meaning) {
    std::vector<std::string> lines;
    if (meaning.means.empty()) {
        lines.emplace_back("Unknown: no entry, and no word in its name says what it counts.");
        return lines;
    }
    add_prose(lines, "", meaning.means);
    lines.push_back(std::string("rated: ") + name_of(meaning.rating) +
                    (meaning.by_name ? " (nobody has written down what this one means)" : ""));
    std::string reasons;
    for (const std::string &reason : meaning.reasons)
        reasons += (reasons.empty() ? "" : ", ") +
                   (reason.starts_with("core/") ? reason.substr(5) : reason);
    if (!reasons.empty())
        add_prose(lines, "drops: ", reasons);
    if (meaning.unseen)
        lines.emplace_back("lost in the device: no tracepoint, and so no drop, tells of it");
    for (const std::string &next : meaning.next)
        lines.push_back("next: " + next);
    return lines;
}

Value words(const std::vector<std::string> &texts) {
    return texts.empty() ? Value() : Value(texts);
}

}  // namespace

Section explanation_section() {
    Section section;
    section.type = "counter_explanation";
    section.shape = SectionShape::blocks;
    section.columns = {{"title", ""}};
    for (const char *key : {"source", "name", "rating", "value", "means", "reasons", "next"})
        section.columns.emplace_back(key, "", ValueForm::json);
    section.columns.emplace_back("text", "");
    return section;
}

std::vector<Value> explanation_row(const std::string &source, const std::string &name,
                                   const CounterMeaning &meaning, Value value,
                                   const std::vector<std::string> &below) {
    std::vector<std::string> text = lines_of(meaning);
    text.insert(text.end(), below.begin(), below.end());
    return {source.empty() ? name : source + "/" + name,
            source,
            name,
            std::string(name_of(meaning.rating)),
            std::move(value),
            meaning.means.empty() ? Value() : Value(meaning.means),
            words(meaning.reasons),
            words(meaning.next),
            std::move(text)};
}

Result<Section> explain_counter(const CounterReading &reading, const CounterBook &book,
                                const std::string &name) {
    const Asked asked = asked_of(name);
    All found = matching(reading, asked);
    const std::string plain = name.substr(name.rfind('/') + 1);
    for (const std::string &source : book.sources_of(plain))
        // An entry for any source says nothing new of those that are found.
        if (source.empty() ? asked.source.empty() && found.empty()
                           : asked.source.empty() || asked.source == source)
            found.try_emplace({source, plain});
    if (found.empty())
        return Error{Errc::usage, "no counter is called '" + name + "'", near_to(reading, asked)};
    Section section = explanation_section();
    for (const auto &[key, at] : found) {
        const auto &[source, counter] = key;
        section.rows.push_back(explanation_row(source, counter, book.explain(source, counter),
                                               at.places ? Value(at.value) : Value(),
                                               state_of(source, counter, at)));
    }
    return section;
}

}  // namespace whydrop
