// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/debuginfo/locations.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "kdump/hex.h"

namespace whydrop {

namespace {

constexpr uint32_t most_source_lines = 1u << 20;

Error bad_number(const std::string &text) {
    return {Errc::usage, "'" + text + "' is no place in a function",
            "as kernels print it: ip_rcv+0x1c, or ip_rcv+0x1c/0x1c2"};
}

// Functions of that name; where there is none, other symbols: assembly often says no type.
std::vector<DebugSymbol> candidates(const DebugFile &file, const std::string &name) {
    std::vector<DebugSymbol> found = file.symbols_of(name);
    if (std::any_of(found.begin(), found.end(), [](const auto &symbol) { return symbol.function; }))
        std::erase_if(found, [](const DebugSymbol &symbol) { return !symbol.function; });
    return found;
}

// Compilers make parts of functions: "alx_reset.isra.0".
std::string name_like(const std::vector<DebugFile> &files, const std::string &name) {
    for (const DebugFile &file : files)
        for (const DebugSymbol &symbol : file.symbols())
            if (symbol.name.starts_with(name + "."))
                return symbol.name;
    return {};
}

Error missing(const std::vector<DebugFile> &files, const std::string &name) {
    std::string where;
    for (const DebugFile &file : files)
        where += (where.empty() ? "" : ", ") + file.path();
    const std::string like = name_like(files, name);
    return {Errc::usage, "no function '" + name + "' in " + where,
            like.empty() ? "a name and a distance, as the trace has them: ip_rcv+0x1c"
                         : "there is '" + like + "'"};
}

// Of the functions of one name those that it can be. Errors: usage.
Result<std::vector<DebugSymbol>> that_fit(const DebugFile &file, const Location &location) {
    const auto all = candidates(file, location.function);
    std::vector<DebugSymbol> fit;
    for (const DebugSymbol &symbol : all)
        if ((!location.size_bytes || symbol.size_bytes == *location.size_bytes) &&
            (!symbol.size_bytes || location.offset_bytes < symbol.size_bytes))
            fit.push_back(symbol);
    if (!fit.empty())
        return fit;
    const std::string has = location.function + " has " + kdump::hex(all.front().size_bytes) +
                            " bytes in " + file.path();
    if (location.size_bytes && all.front().size_bytes != *location.size_bytes)
        return Error{
            Errc::usage,
            has + ", and " + kdump::hex(*location.size_bytes) + " where the trace was taken",
            "it is of another build"};
    return Error{Errc::usage, has + ": " + kdump::hex(location.offset_bytes) + " is not in it", ""};
}

std::string place_text(const SourceLine &line) {
    if (line.file.empty())
        return {};
    return line.file + ":" + (line.line ? std::to_string(line.line) : "?");
}

// The line of the source itself, where it is on this machine.
std::string source_text(const SourceLine &line) {
    std::error_code error;
    if (!line.line || line.line > most_source_lines ||
        !std::filesystem::is_regular_file(line.path, error))
        return {};
    std::ifstream source(line.path);
    std::string text;
    for (uint32_t i = 0; i < line.line; i++)
        if (!std::getline(source, text))
            return {};
    text.erase(0, text.find_first_not_of(" \t"));
    return text;
}

Status add_location(Section &section, const std::vector<DebugFile> &files,
                    const std::string &text) {
    const auto location = parse_location(text);
    if (!location)
        return location.error();
    const auto file = std::find_if(files.begin(), files.end(), [&](const DebugFile &one) {
        return !candidates(one, location->function).empty();
    });
    if (file == files.end())
        return missing(files, location->function);
    const auto symbols = that_fit(*file, *location);
    if (!symbols)
        return symbols.error();
    for (const DebugSymbol &symbol : *symbols) {
        auto lines = file->lines(symbol.address + location->offset_bytes);
        if (lines.empty())  // of assembly that says nothing
            lines.emplace_back();
        for (const SourceLine &line : lines) {
            const std::string code = source_text(line);
            std::vector<Value> row = {text};
            for (Value &cell : line_cells(line))
                row.push_back(std::move(cell));
            row.push_back(line_text(line, text) + (code.empty() ? "" : "  " + code));
            section.rows.push_back(std::move(row));
        }
    }
    return success();
}

}  // namespace

Result<Location> parse_location(const std::string &text) {
    Location location;
    std::string_view rest = std::string_view(text).substr(0, text.find(' '));
    const size_t plus = rest.find('+');
    location.function = rest.substr(0, plus);
    if (location.function.empty())
        return bad_number(text);
    if (plus == std::string_view::npos)
        return location;
    rest.remove_prefix(plus + 1);
    const size_t slash = rest.find('/');
    const auto offset = kdump::number_of_hex(rest.substr(0, slash));
    if (!offset)
        return bad_number(text);
    location.offset_bytes = *offset;
    if (slash != std::string_view::npos) {
        location.size_bytes = kdump::number_of_hex(rest.substr(slash + 1));
        if (!location.size_bytes)
            return bad_number(text);
    }
    return location;
}

Result<Section> source_lines_of(const std::vector<DebugFile> &files,
                                const std::vector<std::string> &locations) {
    for (const DebugFile &file : files)
        if (!file.has_lines())
            return no_debug_info(file);
    Section section;
    section.type = "line";
    section.shape = SectionShape::lines;
    section.columns = {{"location", ""}};
    for (DocumentColumn &column : line_columns())
        section.columns.push_back(std::move(column));
    section.columns.push_back({"text", ""});
    for (const std::string &text : locations)
        if (auto added = add_location(section, files, text); !added)
            return added.error();
    return section;
}

std::vector<DocumentColumn> line_columns() {
    return {{"function", ""}, {"inlined", ""}, {"file", ""}, {"line", ""}};
}

std::vector<Value> line_cells(const SourceLine &line) {
    const auto text = [](const std::string &value) {
        return value.empty() ? Value() : Value(value);
    };
    return {text(line.function), line.inlined ? Value(true) : Value(), text(line.file),
            line.line ? Value(uint64_t{line.line}) : Value()};
}

std::string line_text(const SourceLine &line, const std::string &name) {
    const std::string place = place_text(line);
    if (line.inlined)
        return line.function + " (" + place + ", inlined)";
    return name + (place.empty() ? "" : " (" + place + ")");
}

Error no_debug_info(const DebugFile &file) {
    return {Errc::usage,
            file.path() + " has no debug information: it was compiled without -g, or stripped",
            "compile it with -g (CONFIG_DEBUG_INFO), or take the file from its -dbg or -debuginfo "
            "package"};
}

}  // namespace whydrop
