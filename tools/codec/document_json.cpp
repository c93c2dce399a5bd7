// SPDX-License-Identifier: GPL-2.0-or-later
#include "codec/document_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "codec/json.h"
#include "codec/values.h"

namespace whydrop {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value &value, ValueForm form) {
    return std::visit(
        [form](const auto &known) -> Json {
            using T = std::decay_t<decltype(known)>;
            if constexpr (std::is_same_v<T, std::monostate>)
                return nullptr;
            else if constexpr (std::is_same_v<T, uint64_t>)
                return form == ValueForm::hex ? Json(hex_number(known)) : Json(known);
            else
                return known;
        },
        value);
}

constexpr std::pair<SectionShape, const char *> shapes[] = {{SectionShape::table, "table"},
                                                            {SectionShape::facts, "facts"},
                                                            {SectionShape::blocks, "blocks"},
                                                            {SectionShape::lines, "lines"},
                                                            {SectionShape::notes, "notes"}};
constexpr std::pair<ValueForm, const char *> forms[] = {
    {ValueForm::plain, "plain"},     {ValueForm::hex, "hex"},   {ValueForm::bytes, "bytes"},
    {ValueForm::seconds, "seconds"}, {ValueForm::time, "time"}, {ValueForm::share, "share"},
    {ValueForm::json, "json"}};

template <typename T, size_t N>
std::string name_in(const std::pair<T, const char *> (&names)[N], T wanted) {
    for (const auto &[value, name] : names)
        if (value == wanted)
            return name;
    return names[0].second;
}

template <typename T, size_t N>
T value_in(const std::pair<T, const char *> (&names)[N], const std::string &wanted) {
    for (const auto &[value, name] : names)
        if (name == wanted)
            return value;
    return names[0].first;
}

std::string text_at(const Json &object, const char *key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

std::string dump(const Json &object) {
    return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Value value_of(const Json &json, ValueForm form) {
    if (json.is_boolean())
        return json.get<bool>();
    if (json.is_number_unsigned())
        return json.get<uint64_t>();
    if (json.is_number_integer())
        return json.get<int64_t>();
    if (json.is_number_float())
        return json.get<double>();
    if (json.is_string()) {
        const auto text = json.get<std::string>();
        const auto number = form == ValueForm::hex ? parse_hex_number(text) : std::nullopt;
        return number ? Value(*number) : Value(text);
    }
    if (json.is_null())
        return {};
    if (!json.is_array())
        return dump(json);
    std::vector<std::string> texts;
    for (const Json &item : json)
        texts.push_back(item.is_string() ? item.get<std::string>() : dump(item));
    return texts;
}

Section head_of(const Json &object) {
    Section section;
    section.type = text_at(object, "of");
    section.title = text_at(object, "title");
    section.if_empty = text_at(object, "if_empty");
    section.shape = value_in(shapes, text_at(object, "shape"));
    if (const auto shown = object.find("shown"); shown != object.end())
        section.shown = shown->is_number_unsigned() ? shown->get<size_t>() : 0;
    if (const auto columns = object.find("columns"); columns != object.end())
        for (const Json &column : *columns)
            if (column.is_object())
                section.columns.emplace_back(text_at(column, "key"), text_at(column, "title"),
                                             value_in(forms, text_at(column, "form")));
    return section;
}

std::string upper(std::string text) {
    for (char &c : text)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

// Rows without a head: each key that comes is a column.
void add_columns(Section &section, const Json &object) {
    for (const auto &[key, value] : object.items()) {
        const auto same = [&key = key](const DocumentColumn &column) { return column.key == key; };
        if (key == "type" || key == "schema" ||
            std::any_of(section.columns.begin(), section.columns.end(), same))
            continue;
        section.columns.emplace_back(key, upper(key));
        for (auto &row : section.rows)
            row.emplace_back();
        if (value.is_array())
            section.shape = SectionShape::blocks;
    }
}

// Text of a section looks at the last column, and at each row's every column.
bool is_sound(const Section &section) {
    return !section.type.empty() && !section.columns.empty();
}

}  // namespace

std::string section_line(const Section &section) {
    Json columns = Json::array();
    for (const DocumentColumn &column : section.columns) {
        Json described = {{"key", column.key}, {"title", column.title}};
        if (column.form != ValueForm::plain)
            described["form"] = name_in(forms, column.form);
        columns.push_back(std::move(described));
    }
    Json object = {{"type", "section"}, {"schema", kJsonSchema}, {"of", section.type}};
    if (!section.title.empty())
        object["title"] = section.title;
    object["shape"] = name_in(shapes, section.shape);
    object["columns"] = std::move(columns);
    if (!section.if_empty.empty())
        object["if_empty"] = section.if_empty;
    if (section.shown)
        object["shown"] = section.shown;
    return dump(object);
}

Status SectionReader::add(std::string_view line) {
    const Json object = Json::parse(line, nullptr, false);
    const std::string type = object.is_object() ? text_at(object, "type") : "";
    const bool of_a_run = is_line_type(type) && type != "feature";
    if (type.empty() || of_a_run || !object.contains("schema") || object["schema"] != kJsonSchema)
        return Error{Errc::usage, "the line is no row of a document", ""};
    if (type == "section") {
        Section head = head_of(object);
        if (!is_sound(head))
            return Error{Errc::usage, "the line begins a section without columns", ""};
        sections_.push_back({std::move(head), true});
        return success();
    }
    if (sections_.empty() || sections_.back().section.type != type) {
        sections_.push_back({});
        sections_.back().section.type = sections_.back().section.title = type;
    }
    Section &section = sections_.back().section;
    if (!sections_.back().has_head)
        add_columns(section, object);
    std::vector<Value> row;
    for (const DocumentColumn &column : section.columns) {
        const auto at = object.find(column.key);
        row.push_back(at == object.end() ? Value() : value_of(*at, column.form));
    }
    section.rows.push_back(std::move(row));
    return success();
}

std::optional<Section> SectionReader::take() {
    if (sections_.empty())
        return {};
    Section section = std::move(sections_.front().section);
    sections_.erase(sections_.begin());
    return section;
}

std::vector<std::string> to_json_lines(const Section &section) {
    std::vector<std::string> lines;
    for (const auto &row : section.rows) {
        Json object = {{"type", section.type}, {"schema", kJsonSchema}};
        for (size_t i = 0; i < section.columns.size() && i < row.size(); i++)
            if (Json value = json_of(row[i], section.columns[i].form); !value.is_null())
                object[section.columns[i].key] = std::move(value);
        lines.push_back(dump(object));
    }
    return lines;
}

}  // namespace whydrop
