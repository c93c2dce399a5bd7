// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracedat/file_names.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace whydrop::tracedat {

namespace {

constexpr std::string_view kinds_of_functions = "tTwW";

}  // namespace

// "ffffffff81000000 T name\t[module]" on each line, in any order.
void FileNames::read_functions() {
    has_functions_ = true;
    for (size_t at = 0; at < kallsyms_.size();) {
        const size_t end = std::min(kallsyms_.find('\n', at), kallsyms_.size());
        const char *begin = kallsyms_.data() + at;
        uint64_t address = 0;
        const auto [rest, err] = std::from_chars(begin, kallsyms_.data() + end, address, 16);
        const auto kind = static_cast<size_t>(rest - kallsyms_.data()) + 1;
        const bool is_function = err == std::errc() && address != 0 && kind + 2 < end &&
                                 kinds_of_functions.find(kallsyms_[kind]) != std::string::npos;
        if (is_function)
            functions_.push_back({address, kind + 2});
        at = end + 1;
    }
    // Of aliases the file's order.
    std::sort(functions_.begin(), functions_.end(), [](const Entry &a, const Entry &b) {
        return a.address != b.address ? a.address < b.address : a.name < b.name;
    });
}

EventNames::Function FileNames::function(uint64_t address) {
    if (!has_functions_)
        read_functions();
    auto after = std::upper_bound(functions_.begin(), functions_.end(), address,
                                  [](uint64_t a, const Entry &entry) { return a < entry.address; });
    if (after == functions_.begin() || after == functions_.end())
        return {};
    auto at = std::prev(after);
    while (at != functions_.begin() && std::prev(at)->address == at->address)
        --at;  // of aliases the first
    const std::string_view text(kallsyms_);
    const std::string_view line =
        text.substr(at->name, std::min(text.find('\n', at->name), text.size()) - at->name);
    Function found;
    found.name = line.substr(0, line.find_first_of("\t "));
    if (const size_t open = line.find('['); open != std::string_view::npos)
        found.module = line.substr(open + 1, line.find(']') - open - 1);
    found.offset = address - at->address;
    found.size = after->address - at->address;
    return found;
}

Symbol FileNames::symbol(uint64_t address) {
    Function found = function(address);
    return {address, std::move(found.name), found.offset, std::move(found.module)};
}

// "1234 comm" on each line; a name may have blanks in it.
void FileNames::read_processes() {
    has_processes_ = true;
    for (size_t at = 0; at < cmdlines_.size();) {
        const size_t end = std::min(cmdlines_.find('\n', at), cmdlines_.size());
        int32_t pid = 0;
        const auto [rest, err] =
            std::from_chars(cmdlines_.data() + at, cmdlines_.data() + end, pid);
        const auto name = static_cast<size_t>(rest - cmdlines_.data()) + 1;
        if (err == std::errc() && name < end)
            processes_[pid] = cmdlines_.substr(name, end - name);
        at = end + 1;
    }
}

std::string FileNames::process(int32_t pid) {
    if (pid == 0)
        return "<idle>";
    if (!has_processes_)
        read_processes();
    const auto known = processes_.find(pid);
    return known == processes_.end() ? "<...>" : known->second;
}

}  // namespace whydrop::tracedat
