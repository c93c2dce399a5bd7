// SPDX-License-Identifier: GPL-2.0-or-later
// A document <-> JSON lines: each row an object with the type of its section, at the end the
// losses. In a recording a line of type "section" stands before the rows, with what only text
// needs: title, shape, columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/document.h"
#include "sys/result.h"

namespace whydrop {

// Without newlines. Values that are not known are absent; hexadecimal ones are strings ("0x1f").
std::vector<std::string> to_json_lines(const Section &section);

// {"type":"section","schema":1,"of":"task","shape":"table","columns":[...]}: so that the section
// reads the same again.
std::string section_line(const Section &section);

// Lines -> sections. Rows without a section line before them make one with their keys as columns.
class SectionReader {
  public:
    // Errors: usage, for a line that is neither a row nor begins a section. Nothing has changed
    // then.
    Status add(std::string_view line);
    // Whether a section that is complete can be taken: a line of another one has come.
    [[nodiscard]] bool ready() const { return sections_.size() > 1; }
    // The oldest one, also when more rows of it may come; nothing: there is none.
    std::optional<Section> take();

  private:
    struct Reading {
        Section section;
        bool has_head = false;
    };
    std::vector<Reading> sections_;
};

}  // namespace whydrop
