// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/document.h"

namespace whydrop {

Section notes_section(const std::vector<std::string> &notes) {
    Section section;
    section.type = "note";
    section.shape = SectionShape::notes;
    section.columns = {{"text", ""}};
    for (const std::string &note : notes)
        section.rows.push_back({note});
    return section;
}

}  // namespace whydrop
