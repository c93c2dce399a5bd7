// SPDX-License-Identifier: GPL-2.0-or-later
// Documents for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "model/document.h"
#include "model/session.h"
#include "render/output.h"

namespace whydrop {

struct DocumentStyle {
    bool json = false;
    bool heads = false;    // of JSON: a line before each section, by which replay shows it the same
    bool header = true;    // --no-header
    bool wide = false;     // --wide: as many columns as it takes
    size_t columns = 100;  // else
    bool colour = false;
    bool bars = false;  // of shares, in tables
};

// Writes a section when it is there, so that what takes long does not hold up the rest.
class DocumentWriter {
  public:
    DocumentWriter(Writer &output, const DocumentStyle &style) : output_(output), style_(style) {}

    // What was observed, where and when: in JSON only, but for its notes.
    Status begin(const Session &session);
    // Text has nothing of a section whose columns have no title.
    Status write(const Section &section);
    // The same, as more rows of the section that was written last where its type is the same.
    Status more(const Section &section);
    // Notes, and losses.
    Status end(const Losses &losses);
    // Something else follows: an empty line in text, when there was a section.
    Status separate();

  private:
    Status write(const Section &section, bool continues);
    [[nodiscard]] std::string json_of(const Section &section, bool continues) const;
    [[nodiscard]] std::string text_of(const Section &section, bool continues) const;

    Writer &output_;
    DocumentStyle style_;
    bool first_ = true;
    std::string last_type_;
    std::vector<std::string> notes_;
};

// No column has a title: text has nothing of it.
bool is_of_json(const Section &section);

// As text has it, without its title.
std::string section_text(const Section &section, const DocumentStyle &style);

// As text writes it: "17.6 MB", "0xffffffff81000000", "-".
std::string value_text(const Value &value, ValueForm form);

}  // namespace whydrop
