// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/counters_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "render/document.h"

namespace whydrop {

namespace {

using Row = std::vector<Value>;

// One row of the table: a change, or those of all CPUs.
struct Line {
    CounterChange change;
    double per_second = 0;
    std::vector<std::pair<std::string, int64_t>> cpus;  // most first; empty: not counted by CPU
    CounterMeaning meaning;
};

bool is_of_cpu(const CounterChange &change) {
    return change.dev.empty() && change.place.starts_with("cpu");
}

using Key = std::pair<std::string, std::string>;  // what makes a line: its place, its name

Key key_of(const CounterChange &change) {
    return {change.source + '\0' + (is_of_cpu(change) ? "" : change.place), change.name};
}

std::map<Key, int64_t> sums_of(const std::vector<CounterChange> &changes) {
    std::map<Key, int64_t> sums;
    for (const CounterChange &change : changes)
        sums[key_of(change)] += change.delta;
    return sums;
}

void merge(Line &line, const CounterChange &change) {
    line.change.delta += change.delta;
    line.change.value += change.value;
    line.change.reset |= change.reset;
    line.change.wrapped |= change.wrapped;
}

// Suspicious ones first, then those that changed most; lengths that fell and rose behind.
bool stands_before(const Line &a, const Line &b) {
    const auto rank = [](const Line &line) {
        return std::pair(line.meaning.rating, line.change.level);
    };
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.change.delta > b.change.delta;
}

std::vector<Line> lines_of(const CountersReport &report, const CounterBook &book) {
    const std::map<Key, int64_t> recent = sums_of(report.recent);
    std::map<Key, size_t> where;
    std::vector<Line> lines;
    for (const CounterChange &change : report.changes) {
        const auto [found, fresh] = where.try_emplace(key_of(change), lines.size());
        if (fresh) {
            lines.push_back({change, 0, {}, book.explain(change.source, change.name)});
            const auto now = recent.find(found->first);
            if (now != recent.end() && report.recent_seconds > 0)
                lines.back().per_second = static_cast<double>(now->second) / report.recent_seconds;
        } else {
            merge(lines[found->second], change);
        }
        if (is_of_cpu(change))
            lines[found->second].cpus.emplace_back(change.place, change.delta);
    }
    for (Line &line : lines)
        std::ranges::stable_sort(line.cpus, std::greater(),
                                 &std::pair<std::string, int64_t>::second);
    std::erase_if(lines, [](const Line &line) { return line.change.delta == 0; });
    std::ranges::stable_sort(lines, stands_before);
    return lines;
}

// "cpu3", "4 CPUs, most on cpu3", "eth0 fq_codel 8001:".
std::string where_text(const Line &line) {
    if (line.cpus.empty())
        return line.change.place;
    if (line.cpus.size() == 1)
        return line.cpus.front().first;
    return std::to_string(line.cpus.size()) + " CPUs, most on " + line.cpus.front().first;
}

Value cpus_value(const Line &line) {
    if (line.cpus.empty())
        return {};
    std::vector<std::string> cpus;
    for (const auto &[cpu, delta] : line.cpus)
        cpus.push_back(cpu + ": " + std::to_string(delta));
    return cpus;
}

std::string means_text(const Line &line) {
    std::string text = line.change.level ? "Now " + std::to_string(line.change.value) + ". " : "";
    if (line.change.reset)
        text += "(Began anew in the run.) ";
    return text + (line.meaning.means.empty() ? "Unknown." : line.meaning.means);
}

Value words(const std::vector<std::string> &texts) {
    return texts.empty() ? Value() : Value(texts);
}

Section table_of(const std::vector<Line> &lines) {
    Section section;
    section.type = "counter";
    section.columns = {{"delta", "CHANGE"}, {"per_second", "/S"}, {"source", "SOURCE"},
                       {"name", "COUNTER"}, {"place", "WHERE"},   {"text", "MEANING"},
                       {"rating", ""},      {"value", ""},        {"dev", ""},
                       {"cpus", ""},        {"means", ""},        {"reasons", ""},
                       {"level", ""},       {"appeared", ""},     {"reset", ""},
                       {"wrapped", ""},     {"unseen", ""},       {"by_name", ""}};
    for (const Line &line : lines) {
        const CounterChange &change = line.change;
        const CounterMeaning &meaning = line.meaning;
        const std::string place = where_text(line);
        section.rows.push_back({change.delta, change.level ? Value() : Value(line.per_second),
                                change.source, change.name, place.empty() ? Value() : Value(place),
                                means_text(line), std::string(name_of(meaning.rating)),
                                change.value, change.dev.empty() ? Value() : Value(change.dev),
                                cpus_value(line),
                                meaning.means.empty() ? Value() : Value(meaning.means),
                                words(meaning.reasons), change.level, change.appeared, change.reset,
                                change.wrapped, meaning.unseen, meaning.by_name});
    }
    return section;
}

std::string count_text(size_t count, const char *what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

Section summary_of(const CountersReport &report, size_t changed, size_t suspicious) {
    Section section;
    section.type = "counters";
    section.columns = {{"seconds", ""}, {"changed", ""}, {"suspicious", ""}, {"final", ""}};
    section.rows = {{report.seconds, uint64_t{changed}, uint64_t{suspicious}, report.final}};
    return section;
}

Section explanations_of(const std::vector<Line> &lines) {
    Section section = explanation_section();
    section.title = "WHAT IT MEANS";
    std::set<std::string> said;
    for (const Line &line : lines) {
        const auto &[source, name] = std::tie(line.change.source, line.change.name);
        if (line.meaning.rating != CounterRating::normal && !line.meaning.by_name &&
            said.insert(source + "/" + name).second)
            section.rows.push_back(explanation_row(source, name, line.meaning, Value()));
    }
    return section;
}

// Sources that are the machine's, whichever network namespace asks.
constexpr std::array<const char *, 4> of_machine = {"softnet_stat", "arp_cache", "ndisc_cache",
                                                    "rt_cache"};

std::vector<std::string> notes_of(const std::vector<Line> &lines) {
    std::vector<std::string> notes;
    std::string unseen, shared;
    std::set<std::string> said;
    for (const Line &line : lines) {
        if (line.meaning.unseen && said.insert(line.change.dev + " " + line.change.name).second)
            unseen += (unseen.empty() ? "" : ", ") + line.change.dev + " " + line.change.name;
        if (std::ranges::find(of_machine, line.change.source) != of_machine.end() &&
            said.insert(line.change.source).second)
            shared += (shared.empty() ? "" : ", ") + line.change.source;
    }
    if (!unseen.empty())
        notes.push_back("lost in the device, before the kernel had a packet (" + unseen +
                        "): no tracepoint tells of these, so 'whydrop drops' cannot show them");
    if (!shared.empty())
        notes.push_back(shared + ": of the whole machine, all network namespaces together");
    return notes;
}

}  // namespace

std::vector<Section> counters_document(const CountersReport &report, const CounterBook &book) {
    std::vector<Line> lines = lines_of(report, book);
    const auto normal = std::ranges::find(lines, CounterRating::normal,
                                          [](const Line &line) { return line.meaning.rating; });
    const auto suspicious = static_cast<size_t>(normal - lines.begin());
    const size_t changed = lines.size();
    if (!report.all)
        lines.erase(normal, lines.end());
    Section table = table_of(lines);
    table.title = count_text(suspicious, "suspicious counter") + " of " + std::to_string(changed) +
                  " that changed in " + value_text(report.seconds, ValueForm::plain) + " s";
    table.if_empty =
        changed == 0 ? "nothing changed" : "nothing suspicious; --all shows what is normal traffic";
    std::vector<Section> sections = {summary_of(report, changed, suspicious), std::move(table)};
    if (Section explanations = explanations_of(lines); report.final && !explanations.rows.empty())
        sections.push_back(std::move(explanations));
    sections.push_back(notes_section(notes_of(lines)));
    return sections;
}

Losses counters_losses(const CountersReport &report) {
    if (report.gone.empty())
        return {};
    std::string which;
    constexpr size_t most = 5;
    for (size_t i = 0; i < std::min(report.gone.size(), most); i++)
        which += (i ? ", " : "") + report.gone[i];
    if (report.gone.size() > most)
        which += ", ...";
    return {{"gone", report.gone.size(), "places",
             "went during the run (" + which +
                 "): what they counted after they were read last is not known",
             false}};
}

}  // namespace whydrop
