// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/counters/proc_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sys/number.h"

namespace whydrop {

namespace {

constexpr std::string_view blanks = " \t\r";

// What stands before the next `end`, which is taken too.
std::string_view take_line(std::string_view &text) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

// Empty: there is none left.
std::string_view take_word(std::string_view &line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const size_t end = std::min(line.find_first_of(blanks), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

// Some that stand among the counters are signed (TcpMaxConn is -1): their bits are kept.
std::optional<uint64_t> number_of(std::string_view word, int base = 10) {
    if (const auto number = whole_number<uint64_t>(word, base))
        return number;
    const auto negative = whole_number<int64_t>(word, base);
    return negative ? std::optional(static_cast<uint64_t>(*negative)) : std::nullopt;
}

void add(CounterGroup &group, std::string name, std::optional<uint64_t> value) {
    if (!value || name.empty())
        return;
    const bool level = is_level(group.source, name);
    group.counters.push_back({std::move(name), *value, level});
}

std::string cpu_place(uint64_t cpu) {
    return "cpu" + std::to_string(cpu);
}

}  // namespace

CounterGroup parse_counter_pairs(std::string_view text, const std::string &source) {
    CounterGroup group{source, "", 0, {}, ""};
    while (!text.empty()) {
        std::string_view names = take_line(text);
        const std::string_view of = take_word(names);
        if (of.size() < 2 || of.back() != ':')
            continue;
        std::string_view values = text;
        values = take_line(values);
        if (take_word(values) != of)
            continue;  // names alone: the next line may be names again
        take_line(text);
        const std::string prefix(of.substr(0, of.size() - 1));
        for (std::string_view name = take_word(names); !name.empty(); name = take_word(names))
            add(group, prefix + std::string(name), number_of(take_word(values)));
    }
    return group;
}

CounterGroup parse_counter_list(std::string_view text, const std::string &source) {
    CounterGroup group{source, "", 0, {}, ""};
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const std::string_view name = take_word(line), value = take_word(line);
        if (take_word(line).empty())
            add(group, std::string(name), number_of(value));
    }
    return group;
}

std::vector<CounterGroup> parse_cpu_table(std::string_view text, const std::string &source) {
    std::vector<std::string> names;
    std::string_view header = take_line(text);
    for (std::string_view name = take_word(header); !name.empty(); name = take_word(header))
        names.emplace_back(name);
    std::vector<CounterGroup> groups;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        CounterGroup group{source, cpu_place(groups.size()), 0, {}, ""};
        for (const std::string &name : names)
            add(group, name, number_of(take_word(line), 16));
        // The length of the table is the same on each line.
        if (!groups.empty())
            std::erase_if(group.counters, [](const Counter &counter) { return counter.level; });
        if (!group.counters.empty())
            groups.push_back(std::move(group));
    }
    return groups;
}

std::vector<CounterGroup> parse_softnet(std::string_view text) {
    // As the fields of softnet_data are called; those without a name are always zero.
    constexpr std::array<std::string_view, 15> names = {"processed",
                                                        "dropped",
                                                        "time_squeeze",
                                                        "",
                                                        "",
                                                        "",
                                                        "",
                                                        "",
                                                        "cpu_collision",
                                                        "received_rps",
                                                        "flow_limit_count",
                                                        "backlog_len",
                                                        "cpu",
                                                        "input_qlen",
                                                        "process_qlen"};
    constexpr size_t cpu_column = 12;
    std::vector<CounterGroup> groups;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        CounterGroup group{counter_source::softnet, cpu_place(groups.size()), 0, {}, ""};
        for (size_t i = 0; i < names.size(); i++) {
            const auto value = number_of(take_word(line), 16);
            if (!value)
                break;
            if (i == cpu_column)
                group.place = cpu_place(*value);
            else
                add(group, std::string(names[i]), value);
        }
        if (!group.counters.empty())
            groups.push_back(std::move(group));
    }
    return groups;
}

uint64_t parse_cpu_counts(std::string_view text) {
    uint64_t sum = 0;
    while (!text.empty()) {
        const size_t end = std::min(text.find_first_of(",\n"), text.size());
        sum += whole_number<uint64_t>(text.substr(0, end)).value_or(0);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return sum;
}

bool is_level(const std::string &source, const std::string &name) {
    static constexpr std::array<std::string_view, 13> settings = {
        "IpForwarding", "IpDefaultTTL", "TcpRtoAlgorithm", "TcpRtoMin",   "TcpRtoMax",
        "TcpMaxConn",   "TcpCurrEstab", "entries",         "backlog_len", "qlen",
        "input_qlen",   "process_qlen", "SctpCurrEstab"};
    if (std::ranges::find(settings, name) != settings.end())
        return true;
    if (name == "MPTcpExtMPCurrEstab" || (source == counter_source::qdisc && name == "backlog"))
        return true;
    // tls_stat counts sessions that are open beside those that were opened.
    return name.starts_with("TlsCurr");
}

}  // namespace whydrop
