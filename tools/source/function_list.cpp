// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/function_list.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace whydrop {

namespace {

struct Line {
    uint64_t address = 0;
    char type = 0;
    std::string_view name;
};

// "ffffffff81000000 t name [module]"
Line parse(const std::string &text) {
    Line line;
    char *end = nullptr;
    line.address = std::strtoull(text.c_str(), &end, 16);
    const auto at = static_cast<size_t>(end - text.c_str());
    if (at + 3 >= text.size() || text[at] != ' ')
        return {};
    line.type = text[at + 1];
    const std::string_view rest = std::string_view(text).substr(at + 3);
    line.name = rest.substr(0, rest.find_first_of("\t "));
    return line;
}

bool is_function(char type) {
    return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

}  // namespace

Result<std::map<std::string, KernelFunction>> find_functions(const std::set<std::string> &names,
                                                             const std::string &path) {
    std::ifstream file(path);
    if (!file)
        return errno_error("cannot read " + path, errno, "it takes CONFIG_KALLSYMS, and /proc");
    std::map<std::string, KernelFunction> found;
    for (std::string text; std::getline(file, text);) {
        const Line line = parse(text);
        if (!is_function(line.type))
            continue;
        const std::string name(line.name.substr(0, line.name.find('.')));
        if (!names.contains(name))
            continue;
        const bool changed = name.size() != line.name.size();
        const KernelFunction function{line.address, changed, line.type == 't'};
        const auto [at, is_new] = found.try_emplace(name, function);
        if (!is_new && at->second.changed && !changed)
            at->second = function;
    }
    return found;
}

}  // namespace whydrop
