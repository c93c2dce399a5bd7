// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/counters.h"

#include <sstream>
#include <vector>

namespace whydrop {
namespace {

std::vector<std::string> words(const std::string &line) {
    std::istringstream in(line);
    std::vector<std::string> out;
    for (std::string word; in >> word;)
        out.push_back(word);
    return out;
}

int64_t as_count(const std::string &word) {
    std::istringstream in(word);
    int64_t value = -1;
    return in >> value ? value : -1;
}

}  // namespace

// A line of names follows a line of values, both begin with the group: "Udp: InDatagrams NoPorts".
int64_t counter_in_pairs(const std::string &text, const std::string &group,
                         const std::string &name) {
    std::istringstream in(text);
    for (std::string names_line, values_line;
         std::getline(in, names_line) && std::getline(in, values_line);) {
        const std::vector<std::string> names = words(names_line), values = words(values_line);
        if (names.empty() || names[0] != group + ":")
            continue;
        for (size_t i = 1; i < names.size() && i < values.size(); i++)
            if (names[i] == name)
                return as_count(values[i]);
    }
    return -1;
}

int64_t counter_in_list(const std::string &text, const std::string &name) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        const std::vector<std::string> pair = words(line);
        if (pair.size() == 2 && pair[0] == name)
            return as_count(pair[1]);
    }
    return -1;
}

int64_t rx_dropped_of_device(const std::string &text, const std::string &dev) {
    constexpr size_t kDrop = 3;  // bytes packets errs drop
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        const size_t colon = line.find(':');
        if (colon == std::string::npos || words(line.substr(0, colon)) != std::vector{dev})
            continue;
        const std::vector<std::string> values = words(line.substr(colon + 1));
        return values.size() > kDrop ? as_count(values[kDrop]) : -1;
    }
    return -1;
}

Result<uint64_t> read_counter(const LabNetwork &network, Side side, const std::string &counter) {
    const std::vector<std::string> name = words(counter);
    int64_t value = -1;
    for (const char *file : {"snmp", "netstat", "snmp6", "dev"}) {
        if (name.size() != 2 || value >= 0)
            break;
        // A kernel without IPv6 has no snmp6: then the counter is not there, either.
        const Result<std::string> text = network.proc_net(side, file);
        if (!text)
            continue;
        if (std::string(file) == "snmp6")
            value = counter_in_list(*text, name[0] + name[1]);
        else if (std::string(file) != "dev")
            value = counter_in_pairs(*text, name[0], name[1]);
        else if (name[1] == "rx_dropped")
            value = rx_dropped_of_device(*text, name[0]);
    }
    if (value < 0)
        return Error{Errc::usage, "there is no counter '" + counter + "'", {}};
    return static_cast<uint64_t>(value);
}

}  // namespace whydrop
