// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/debuginfo/inlined.h"

#include <dwarf.h>

#include <algorithm>
#include <string_view>

namespace whydrop {

namespace {

constexpr size_t most_nested = 256;

// Does a part of a function, or the function, cover the address?
bool holds(Dwarf_Die *die, Dwarf_Addr address) {
    switch (dwarf_tag(die)) {
        case DW_TAG_subprogram:
        case DW_TAG_inlined_subroutine:
        case DW_TAG_lexical_block:
            return dwarf_haspc(die, address) > 0;
        default:
            return false;
    }
}

// The functions around the address, the outermost first. dwarf_getscopes() is for what a name
// means: behind an inlined function it goes on where that one was written, not where it was called.
std::vector<Dwarf_Die> functions_around(Dwarf_Die unit, Dwarf_Addr address) {
    std::vector<Dwarf_Die> functions;
    Dwarf_Die parent = unit, child;
    for (size_t depth = 0; depth < most_nested && dwarf_child(&parent, &child) == 0; depth++) {
        bool found = holds(&child, address);
        while (!found && dwarf_siblingof(&child, &child) == 0)
            found = holds(&child, address);
        if (!found)
            break;
        if (dwarf_tag(&child) != DW_TAG_lexical_block)
            functions.push_back(child);
        parent = child;
    }
    return functions;
}

std::string function_name(Dwarf_Die *die) {
    Dwarf_Attribute attribute;
    const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
    return name ? name : "";
}

// What it was compiled in, "/build/linux-6.1": file names are said below that. Assembly that was
// built in a folder below its source has whole paths, and then it is the folder that both share.
std::string_view folder_of(Dwarf_Die *unit) {
    Dwarf_Attribute attribute;
    const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    const char *source = dwarf_diename(unit);
    if (!folder || !source || dwarf_srclang(unit) != DW_LANG_Mips_Assembler || *source != '/')
        return folder ? folder : "";
    const std::string_view built_in = folder, path = source;
    const auto [end, other] =
        std::mismatch(built_in.begin(), built_in.end(), path.begin(), path.end());
    if (end == built_in.end())
        return built_in;
    const size_t shared = path.rfind('/', static_cast<size_t>(other - path.begin()));
    return std::count(path.begin(), path.begin() + static_cast<ptrdiff_t>(shared), '/') > 1
               ? path.substr(0, shared)
               : built_in;
}

void set_file(SourceLine &line, const char *path, std::string_view folder) {
    if (!path)
        return;
    line.path = path;
    std::string_view file = path;
    if (!folder.empty() && file.starts_with(folder) && file.substr(folder.size()).starts_with('/'))
        file.remove_prefix(folder.size() + 1);
    while (file.starts_with("./"))
        file.remove_prefix(2);
    line.file = file;
}

// From where an inlined function was called, into the line of the function that called it.
void set_call(SourceLine &caller, Dwarf_Die *unit, Dwarf_Die *inlined, std::string_view folder) {
    Dwarf_Attribute attribute;
    Dwarf_Word file = 0, line = 0;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) == 0)
        caller.line = static_cast<uint32_t>(line);
    Dwarf_Files *files = nullptr;
    size_t count = 0;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) == 0 &&
        dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
        set_file(caller, dwarf_filesrc(files, file, nullptr, nullptr), folder);
}

}  // namespace

std::vector<SourceLine> lines_in_unit(Dwarf_Die unit, Dwarf_Addr address) {
    const std::string_view folder = folder_of(&unit);
    std::vector<Dwarf_Die> functions = functions_around(unit, address);
    std::reverse(functions.begin(), functions.end());
    std::vector<SourceLine> lines(std::max<size_t>(1, functions.size()));
    if (Dwarf_Line *line = dwarf_getsrc_die(&unit, address)) {
        int number = 0;
        if (dwarf_lineno(line, &number) == 0 && number > 0)
            lines[0].line = static_cast<uint32_t>(number);
        set_file(lines[0], dwarf_linesrc(line, nullptr, nullptr), folder);
    }
    for (size_t i = 0; i < functions.size(); i++) {
        lines[i].function = function_name(&functions[i]);
        lines[i].inlined = dwarf_tag(&functions[i]) == DW_TAG_inlined_subroutine;
        if (lines[i].inlined && i + 1 < functions.size())
            set_call(lines[i + 1], &unit, &functions[i], folder);
    }
    if (functions.empty() && lines[0].file.empty())
        lines.clear();
    return lines;
}

}  // namespace whydrop
