// SPDX-License-Identifier: GPL-2.0-or-later
// A trace.dat as whydrop lists it and as trace-cmd report does: the same events, with the same
// time, process, CPU and fields, line for line.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "process.h"

namespace whydrop::live {
namespace {

// Blanks in a row are one; what is no event is left out.
std::vector<std::string> events_of(const std::string &text) {
    std::vector<std::string> events;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("cpus=") || line.find("EVENTS DROPPED]") != std::string::npos ||
            line.starts_with("losses:"))
            continue;
        std::string plain;
        for (const char c : line)
            if (c != ' ' || (!plain.empty() && plain.back() != ' '))
                plain += c;
        if (!plain.empty())
            events.push_back(plain);
    }
    return events;
}

struct Row {
    const char *file;
    size_t lines;  // 113 datagrams: two events each to arrive, one to be dropped
};

TEST(TraceReport, AgreesEventForEvent) {
    if (run_process({"trace-cmd", "-v"}).status == 127)
        GTEST_SKIP() << "there is no trace-cmd";
    const Row rows[] = {
        {"v6-instance.dat", 339},
        {"v7-instance.dat", 339},
        {"v7-zstd-instance.dat", 339},
        {"v7-zstd-exceptions.dat", 151},
        {"v6-tsc.dat", 113},
        {"v7-zstd-stacks.dat", 1017},  // a drop, and a stack of 8 lines
    };
    for (const Row &row : rows) {
        const std::string file = WHYDROP_FIXTURES "/tracedat/" + std::string(row.file);
        const Finished theirs = run_process({"trace-cmd", "report", "-N", file});
        const Finished ours = run_process({WHYDROP_BINARY, "replay", "--events", file});
        ASSERT_EQ(theirs.status, 0) << theirs.err;
        ASSERT_EQ(ours.status, 0) << ours.err;
        const auto wanted = events_of(theirs.out), shown = events_of(ours.out);
        EXPECT_EQ(wanted.size(), row.lines) << row.file;
        ASSERT_EQ(shown.size(), wanted.size()) << row.file;
        for (size_t i = 0; i < wanted.size(); i++)
            ASSERT_EQ(shown[i], wanted[i]) << row.file << ", event " << i;
        EXPECT_NE(ours.out.find("\nlosses: none\n"), std::string::npos) << row.file;
    }
}

}  // namespace
}  // namespace whydrop::live
