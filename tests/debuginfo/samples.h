// SPDX-License-Identifier: GPL-2.0-or-later
// The debug files that the build made, and what is to be found in them.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "source/debuginfo/debug_file.h"

namespace whydrop::test {

inline std::string sample(const std::string &name) {
    return std::string(WHYDROP_SAMPLES) + "/" + name;
}

// The line of sample.c that ends in "// MARK"; 0: there is none.
inline uint32_t line_of(const std::string &mark) {
    std::ifstream source(WHYDROP_SAMPLE_C);
    std::string text;
    for (uint32_t line = 1; std::getline(source, text); line++)
        if (text.ends_with("// " + mark))
            return line;
    return 0;
}

struct ExpectedLine {
    std::string function, mark;
    bool inlined;
};
struct ExpectedPlace {
    const char *sentence;
    std::string symbol, function;          // of a HERE(), and where it is
    std::vector<ExpectedLine> lines = {};  // innermost first
};

inline const std::vector<ExpectedPlace> expected_places = {
    {"a function inlined into one that was inlined",
     "in_innermost",
     "outer",
     {{"innermost", "innermost.here", true},
      {"middle", "middle.calls", true},
      {"outer", "outer.calls", false}}},
    {"the same function where nothing is inlined",
     "in_outer",
     "outer",
     {{"outer", "outer.here", false}}},
    {"another section", "in_start", "at_start", {{"at_start", "start.here", false}}},
    {"a loop", "in_entry", "entry", {{"entry", "entry.here", false}}},
};

}  // namespace whydrop::test
