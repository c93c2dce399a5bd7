// SPDX-License-Identifier: GPL-2.0-or-later
// Reads JSON lines of a run with the codec and writes what it understood: of lines that somebody
// else wrote, a field that is missing or of the wrong kind is an error, an unknown one is gone.
#include <cstdio>
#include <iostream>
#include <string>

#include "codec/json.h"

namespace {

using namespace whydrop;

std::string written(const Session &session) {
    return to_json(session);
}
std::string written(const DropRecord &drop) {
    return to_json(drop);
}
std::string written(const GroupLine &line) {
    return to_json(line.group, line.final);
}
std::string written(const TotalLine &line) {
    return total_to_json(line.report, line.report.final);
}
std::string written(const Losses &losses) {
    return losses_to_json(losses);
}
std::string written(const Feature &feature) {
    return to_json(feature);
}

}  // namespace

int main() {
    std::string text;
    for (unsigned number = 1; std::getline(std::cin, text); number++) {
        JsonLine line;
        if (const Status read = from_json(text, line); !read) {
            std::fprintf(stderr, "lines_tool: line %u: %s\n", number, read.error().what.c_str());
            return 1;
        }
        std::puts(std::visit([](const auto &value) { return written(value); }, line).c_str());
    }
    return 0;
}
