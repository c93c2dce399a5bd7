// SPDX-License-Identifier: GPL-2.0-or-later
#include "codec/document_json.h"

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

}  // namespace

std::vector<std::string> to_json_lines(const Section &section) {
    std::vector<std::string> lines;
    for (const auto &row : section.rows) {
        Json object = {{"type", section.type}, {"schema", kJsonSchema}};
        for (size_t i = 0; i < section.columns.size() && i < row.size(); i++)
            if (Json value = json_of(row[i], section.columns[i].form); !value.is_null())
                object[section.columns[i].key] = std::move(value);
        lines.push_back(object.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    return lines;
}

}  // namespace whydrop
