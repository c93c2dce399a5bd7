// SPDX-License-Identifier: GPL-2.0-or-later
// Output against tests/golden/*; WHYDROP_UPDATE_GOLDEN=1 writes them anew.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace whydrop::test {

inline std::string read_file(const std::string &path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

inline void expect_golden(const std::string &name, const std::string &text) {
    const std::string path = std::string(WHYDROP_SOURCE) + "/tests/golden/" + name;
    if (const char *update = std::getenv("WHYDROP_UPDATE_GOLDEN"); update && *update == '1') {
        std::ofstream(path) << text;
        GTEST_SKIP() << "wrote " << path << " (WHYDROP_UPDATE_GOLDEN)";
    }
    EXPECT_EQ(text, read_file(path)) << path;
}

}  // namespace whydrop::test
