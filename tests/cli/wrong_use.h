// SPDX-License-Identifier: GPL-2.0-or-later
// One row of what is done wrong, see wrong_use_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace whydrop::live {

enum Needs { nothing, root };
inline constexpr const char *clean = "";       // stdout stays empty
inline constexpr const char *summary = "...";  // stdout holds something

struct Row {
    const char *name;      // of the test
    const char *sentence;  // what is done, and why the answer has to be so
    const char *script;    // for bash; $W is whydrop, $L lab_tool, $D an empty directory
    int status;
    std::vector<std::string> says;  // on stderr, each of them
    const char *out = clean;        // or else exactly that
    Needs needs = nothing;
};

// For the name of the test in a list.
inline void PrintTo(const Row &row, std::ostream *to) {
    *to << row.sentence;
}

inline std::string test_name(const testing::TestParamInfo<Row> &info) {
    return info.param.name;
}

}  // namespace whydrop::live
