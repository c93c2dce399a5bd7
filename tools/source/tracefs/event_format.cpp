// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/event_format.h"

#include <optional>
#include <sstream>

#include "source/tracefs/print_names.h"
#include "sys/number.h"

namespace whydrop {

namespace {

std::string trimmed(const std::string &text) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The words behind "offset:" and the like, up to the next semicolon.
std::optional<std::string> part(const std::string &line, const std::string &key) {
    const size_t at = line.find(key);
    if (at == std::string::npos)
        return {};
    const size_t begin = at + key.size(), end = line.find(';', begin);
    if (end == std::string::npos)
        return {};
    return line.substr(begin, end - begin);
}

std::optional<uint32_t> number(const std::optional<std::string> &text) {
    return text ? whole_number<uint32_t>(*text) : std::nullopt;
}

// The kernel's own test for what compares as a string (filter_assign_type): any array of a type
// that has "char" in its name, and a pointer to char.
bool is_text(const EventField &field, bool in_brackets) {
    const bool chars = field.type.find("char") != std::string::npos;
    return ((in_brackets || field.is_dynamic) && chars) || field.type == "char *" ||
           field.type == "const char *";
}

EventField::Kind kind_of(const EventField &field, bool in_brackets) {
    if (is_text(field, in_brackets))
        return EventField::Kind::text;
    const uint32_t size = field.size;
    const bool whole = size == 1 || size == 2 || size == 4 || size == 8;
    return whole && !field.is_dynamic ? EventField::Kind::number : EventField::Kind::bytes;
}

// "unsigned char addr[16]", "__data_loc char[] name", "const char * what".
bool declare(EventField &field, const std::string &declaration) {
    std::string text = trimmed(declaration);
    bool in_brackets = false;
    if (const size_t open = text.find('['); open != std::string::npos) {
        const size_t close = text.find(']', open);
        if (close == std::string::npos)
            return false;
        in_brackets = true;
        field.elements = number(text.substr(open + 1, close - open - 1)).value_or(0);
        text.erase(open, close - open + 1);
    }
    for (const std::string prefix : {"__data_loc ", "__rel_loc "})
        if (text.starts_with(prefix)) {
            field.is_dynamic = true;
            field.is_relative = prefix == "__rel_loc ";
            text.erase(0, prefix.size());
        }
    const size_t space = text.find_last_of(" *");
    if (space == std::string::npos || space + 1 == text.size())
        return false;
    field.name = text.substr(space + 1);
    field.type = trimmed(text.substr(0, space + 1));
    field.kind = kind_of(field, in_brackets);
    return !field.type.empty();
}

std::optional<EventField> parse_field(const std::string &line) {
    const auto declaration = part(line, "field:");
    const auto offset = number(part(line, "offset:"));
    const auto size = number(part(line, "size:"));
    if (!declaration || !offset || !size)
        return {};
    EventField field;
    field.offset = *offset;
    field.size = *size;
    field.is_signed = part(line, "signed:").value_or("0") == "1";
    if (!declare(field, *declaration))
        return {};
    return field;
}

}  // namespace

Result<EventFormat> parse_event_format(const std::string &text) {
    EventFormat format;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("name: "))
            format.name = line.substr(6);
        else if (line.starts_with("ID: "))
            format.id = number(line.substr(4)).value_or(0);
        else if (line.starts_with("print fmt: "))
            format.print = line.substr(11);
        else if (auto field = parse_field(line))
            format.fields.push_back(std::move(*field));
    }
    if (format.fields.empty())
        return Error{Errc::failed, "this is no event's format: no field is in it", {}};
    for (PrintNames &names : print_names(format.print))
        for (EventField &field : format.fields)
            if (field.name == names.field && field.names.empty()) {
                field.names = std::move(names.names);
                field.is_flags = names.is_flags;
                break;
            }
    return format;
}

Result<EventFormat> read_event_format(const TraceDir &dir, const TraceEvent &event) {
    auto text = dir.read(event.file("format"));
    if (!text)
        return text.error();
    return parse_event_format(*text);
}

std::string field_names(const EventFormat &format) {
    std::string names;
    for (const EventField &field : format.fields)
        if (!field.name.starts_with("common_"))
            names += (names.empty() ? "" : ", ") + field.name;
    return names;
}

}  // namespace whydrop
