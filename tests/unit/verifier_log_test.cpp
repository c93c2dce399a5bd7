// SPDX-License-Identifier: GPL-2.0-or-later
// What of libbpf's words is the verifier's log, and what the log means.
#include <gtest/gtest.h>

#include "source/xdp/loader.h"

namespace whydrop {
namespace {

const std::string kBegin = "libbpf: prog 'a': -- BEGIN PROG LOAD LOG --\n";
const std::string kEnd = "-- END PROG LOAD LOG --\nlibbpf: failed to load object 'a.o'\n";

std::string numbered(int first, int last) {
    std::string lines;
    for (int i = first; i <= last; i++)
        lines += "line " + std::to_string(i) + "\n";
    return lines;
}

struct Row {
    const char *why;
    std::string words, log;
};

TEST(VerifierLog, IsTheLastOneAndItsEnd) {
    const Row rows[] = {
        {"there is none", "libbpf: failed to open a.o\n", ""},
        {"nothing was said", "", ""},
        {"it is short", kBegin + "one\ntwo\n" + kEnd, "one\ntwo"},
        {"of two programs the last is refused",
         kBegin + "first\n" + kEnd + kBegin + "second\n" + kEnd, "second"},
        {"its begin was not kept", "rest of a line\ntwo\n" + kEnd, "rest of a line\ntwo"},
        {"it has as many lines as are shown", kBegin + numbered(1, 20) + kEnd,
         "line 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\nline 10\n"
         "line 11\nline 12\nline 13\nline 14\nline 15\nline 16\nline 17\nline 18\nline 19\n"
         "line 20"},
        {"it has more", kBegin + numbered(1, 21) + kEnd, "...\n" + numbered(2, 20) + "line 21"},
        {"it is empty", kBegin + kEnd, ""},
    };
    for (const Row &row : rows)
        EXPECT_EQ(end_of_verifier_log(row.words), row.log) << row.why;
}

TEST(VerifierLog, MeansWhatItSaysLast) {
    EXPECT_EQ(meaning_of_verifier_log("invalid access to packet, off=0 size=1, R1(id=0,off=0,r=0)\n"
                                      "R1 offset is outside of the packet\n"),
              "bytes of the packet are read that were not compared with data_end first, or not "
              "enough of them");
    EXPECT_EQ(meaning_of_verifier_log("unknown func bpf_none#4711\n"),
              "this kernel, or this type of program, has no such helper");
    EXPECT_EQ(meaning_of_verifier_log("unknown func bpf_none#4711\nunreachable insn 3\n"),
              "a part of the program cannot be reached: was it compiled without -O2?");
    EXPECT_EQ(meaning_of_verifier_log("something new\n"), "");
}

}  // namespace
}  // namespace whydrop
