// SPDX-License-Identifier: GPL-2.0-or-later
// Text made safe and fitting for a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace whydrop {

// A name from the kernel or the network (comm, device): everything but printable ASCII becomes
// \xNN, so that it can neither steer the terminal nor break a column.
std::string escaped(const std::string &name);

// Prose (rules, hints), which may be UTF-8: control characters are left out.
std::string without_controls(const std::string &prose);

// At most `columns` wide; a cut text ends in "...".
std::string cut(const std::string &text, size_t columns);

// Words on lines of at most `columns`; the first line is `first` + text, the others begin with
// as many blanks. A word longer than a line is not broken.
std::string wrap(const std::string &first, const std::string &prose, size_t columns);

// The same without a first word, a line each.
std::vector<std::string> wrapped_lines(const std::string &prose, size_t columns);

// Columns a text takes: UTF-8 code points, the wide ones of East Asia counted as one.
size_t width(const std::string &text);

}  // namespace whydrop
