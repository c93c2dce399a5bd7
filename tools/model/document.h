// SPDX-License-Identifier: GPL-2.0-or-later
// A report as data: sections of rows in named columns. Text and JSON are made of the same.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "model/report.h"

namespace whydrop {

// Nothing: not known. JSON leaves it out, text shows "-".
using Value = std::variant<std::monostate, bool, uint64_t, int64_t, double, std::string,
                           std::vector<std::string>>;

enum class ValueForm {
    plain,
    hex,      // an address or a mask
    bytes,    // 17.6 MB in text
    seconds,  // a span: 1 day, 02:03:04 in text
    time,     // seconds since 1970: a date in text
    share,    // of a hundred: with a bar in tables, where bars are wanted
    json,     // of JSON only, in blocks
};

struct DocumentColumn {
    DocumentColumn(std::string json_key, std::string text_title,
                   ValueForm value_form = ValueForm::plain)
        : key(std::move(json_key)), title(std::move(text_title)), form(value_form) {}

    std::string key;    // of JSON, with its unit: "rx_dropped_packets"
    std::string title;  // uppercase, for text; empty in a table: of JSON only
    ValueForm form;
};

// What the text of a section looks like.
enum class SectionShape {
    table,   // a header, and a line for each row
    facts,   // one row, a line for each column
    blocks,  // a line for each row, and lists as indented lines below it
    lines,   // the rows' last columns, a line each, as they are
    notes,   // the same, said before the losses
};

struct Section {
    std::string type;   // of its JSON lines: "task"
    std::string title;  // empty: none
    SectionShape shape = SectionShape::table;
    std::vector<DocumentColumn> columns;
    std::vector<std::vector<Value>> rows;  // as many values as columns
    std::string if_empty;                  // what is said in place of no rows; empty: nothing
    size_t shown = 0;                      // rows that text has, and says so; 0: all
};

// For whoever reads it: of type "note".
Section notes_section(const std::vector<std::string> &notes);

struct Document {
    std::vector<Section> sections;
    Losses losses;
};

}  // namespace whydrop
