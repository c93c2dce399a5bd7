// SPDX-License-Identifier: GPL-2.0-or-later
// What a dump says does not become a command of crash, or of a shell behind it.
#include "source/vmcore/crash_script.h"

#include <gtest/gtest.h>

namespace whydrop::test {
namespace {

TEST(CrashScript, CommandsHaveTheirAddress) {
    CrashScript script;
    script.comment("blocked: rmmod, pid 142");
    script.command("bt", 0xffff888004a29840);
    script.command("sys");
    script.command_of_module("mod -s", "snd_hda_intel");
    EXPECT_EQ(script.text(),
              "# blocked: rmmod, pid 142\nbt ffff888004a29840\nsys\nmod -s snd_hda_intel\n");
}

TEST(CrashScript, WordsOfADumpAreHarmless) {
    struct Row {
        const char *sentence;
        std::string comm, line;
    };
    const Row rows[] = {
        {"a new line, and a command", "x\n!rm -rf /", "# x??rm -rf /\n"},
        {"a carriage return", "x\rsys", "# x?sys\n"},
        {"a pipe, a redirection", "x | sh > /etc/x < y", "# x ? sh ? /etc/x ? y\n"},
        {"quotes, an expansion", "x `id` $(id) \"'\\;", "# x ?id? ?(id) ???;\n"},
        {"a terminal's escapes, and a zero", std::string("\x1b[2J\0", 5), "# ?[2J?\n"},
        {"what is no ASCII", "gr\xc3\xbc\xc3\x9f", "# gr????\n"},
        {"a line that is longer than crash reads", std::string(5000, 'a'),
         "# " + std::string(200, 'a') + "\n"},
    };
    for (const Row &row : rows) {
        SCOPED_TRACE(row.sentence);
        CrashScript script;
        script.comment(row.comm);
        EXPECT_EQ(script.text(), row.line);
    }
    for (const char *name : {"", "x y", "x\n!id", "../x", "-h", "x|sh", "x;y"}) {
        SCOPED_TRACE(name);
        CrashScript script;
        script.command_of_module("mod -s", name);
        EXPECT_EQ(script.text(), "");
    }
}

}  // namespace
}  // namespace whydrop::test
