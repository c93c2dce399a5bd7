// SPDX-License-Identifier: GPL-2.0-or-later
// The tables in an event's `print fmt`: __print_symbolic(REC->reason, { 2, "NOT_SPECIFIED" }, ...).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace whydrop {

struct PrintNames {
    std::string field;
    std::vector<std::pair<uint64_t, std::string>> names;
    bool is_flags = false;  // __print_flags
};

// Of plain fields only: what prints a part of one (REC->state & 0xff) has no names for the whole. A
// name whose number is not a constant is left out.
std::vector<PrintNames> print_names(const std::string &print);

}  // namespace whydrop
