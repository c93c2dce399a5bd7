// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/live_names.h"

#include <fstream>
#include <sstream>

namespace whydrop {

std::string saved_name(const std::string &text, int32_t pid) {
    const std::string begin = std::to_string(pid) + " ";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(begin))
            return line.substr(begin.size());
    return {};
}

EventNames::Function LiveNames::function(uint64_t address) {
    const Symbol symbol = symbols_.resolve(address);
    return {symbol.name, symbol.module, symbol.offset, symbols_.size_of(address)};
}

std::string LiveNames::process(int32_t pid) {
    if (pid == 0)
        return "<idle>";  // as save_comm() has it
    std::string name;
    if (std::ifstream file("/proc/" + std::to_string(pid) + "/comm"); std::getline(file, name))
        return name;
    const auto saved = top_.read("saved_cmdlines");
    return saved ? saved_name(*saved, pid) : std::string();
}

}  // namespace whydrop
