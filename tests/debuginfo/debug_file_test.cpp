// SPDX-License-Identifier: GPL-2.0-or-later
// Lines and inlined functions of a program and of a relocatable file; files that are none.
#include "source/debuginfo/debug_file.h"

#include <gtest/gtest.h>

#include "../unit/temp_dir.h"
#include "samples.h"

namespace whydrop::test {
namespace {

class DebugFiles : public testing::TestWithParam<const char *> {};

TEST_P(DebugFiles, SayTheLinesOfEachPlace) {
    const auto file = DebugFile::open(sample(GetParam()));
    ASSERT_TRUE(file) << file.error().what;
    EXPECT_TRUE(file->has_lines());
    for (const ExpectedPlace &place : expected_places) {
        SCOPED_TRACE(place.sentence);
        const auto symbols = file->symbols_of(place.symbol);
        ASSERT_EQ(symbols.size(), 1u);
        const auto lines = file->lines(symbols[0].address);
        ASSERT_EQ(lines.size(), place.lines.size());
        for (size_t i = 0; i < lines.size(); i++) {
            EXPECT_EQ(lines[i].function, place.lines[i].function);
            EXPECT_TRUE(lines[i].file.ends_with("sample.c")) << lines[i].file;
            EXPECT_EQ(lines[i].line, line_of(place.lines[i].mark)) << place.lines[i].mark;
            EXPECT_EQ(lines[i].inlined, place.lines[i].inlined);
        }
    }
    EXPECT_TRUE(file->lines(1).empty());
    EXPECT_TRUE(file->lines(UINT64_MAX).empty());
    EXPECT_TRUE(file->symbols_of("no_such_function").empty());
}

INSTANTIATE_TEST_SUITE_P(Kinds, DebugFiles, testing::Values("sample", "sample.ko", "dwarf3"),
                         [](const auto &row) {
                             std::string name = row.param;
                             return name.substr(0, name.find('.')) +
                                    (name.ends_with(".ko") ? "Relocatable" : "");
                         });

TEST(DebugFile, KnowsWhichBuildItIsOf) {
    struct Row {
        const char *file, *build_id;
        bool relocatable, has_lines;
    };
    for (const Row &row : {Row{"sample", "00c0ffee00000011", false, true},
                           {"sample.ko", "00c0ffee00000022", true, true},
                           {"without-id", "", false, true},
                           {"plain.ko", "", true, false}}) {
        SCOPED_TRACE(row.file);
        const auto file = DebugFile::open(sample(row.file));
        ASSERT_TRUE(file) << file.error().what;
        EXPECT_EQ(file->build_id(), row.build_id);
        EXPECT_EQ(file->relocatable(), row.relocatable);
        EXPECT_EQ(file->has_lines(), row.has_lines);
    }
}

TEST(DebugFile, OfAModuleSaysItsNameAndWhereItsSectionsAre) {
    const TempDir folder;
    std::filesystem::copy(sample("sample.ko"), folder.path() + "/snd-one.ko.debug");
    const auto file = DebugFile::open(folder.path() + "/snd-one.ko.debug");
    ASSERT_TRUE(file) << file.error().what;
    EXPECT_EQ(file->module_name(), "snd_one");
    const auto symbols = file->symbols_of("in_start");
    ASSERT_EQ(symbols.size(), 1u);
    bool found = false;
    for (const DebugSection &section : file->sections())
        if (section.name == ".init.text")
            found = symbols[0].address - section.address < section.size_bytes;
    EXPECT_TRUE(found);
}

TEST(DebugFile, SaysWhatIsWrongWithAFile) {
    const TempDir folder;
    struct Row {
        const char *sentence;
        std::string path, says;
    };
    const Row rows[] = {
        {"no file", folder.path() + "/missing", "No such file"},
        {"a folder", folder.path(), "not a regular file"},
        {"an empty file", folder.write("empty", std::string_view()), "no ELF file"},
        {"a text", folder.write("text", std::string_view("hello")), "no ELF file"},
        {"a pipe", "/dev/null", "not a regular file"},
    };
    for (const Row &row : rows) {
        SCOPED_TRACE(row.sentence);
        const auto file = DebugFile::open(row.path);
        ASSERT_FALSE(file);
        EXPECT_EQ(file.error().code, Errc::usage);
        EXPECT_NE(file.error().what.find(row.says), std::string::npos) << file.error().what;
        EXPECT_NE(file.error().what.find(row.path), std::string::npos) << file.error().what;
    }
    const auto plain = DebugFile::open(sample("plain"));
    ASSERT_TRUE(plain);
    const auto types = plain->types();
    ASSERT_FALSE(types);
    EXPECT_NE(types.error().what.find("no debug information"), std::string::npos);
}

// A download that broke off: whatever is asked, an answer or none.
TEST(DebugFile, OutlivesFilesThatAreCutAnywhere) {
    const TempDir folder;
    for (const char *name : {"sample", "sample.ko"}) {
        std::ifstream whole_file(sample(name), std::ios::binary);
        const std::string whole(std::istreambuf_iterator<char>(whole_file), {});
        ASSERT_GT(whole.size(), 1000u);
        for (size_t length = 0; length < whole.size(); length += 1 + length / 64) {
            SCOPED_TRACE(std::string(name) + " cut at " + std::to_string(length));
            const auto file =
                DebugFile::open(folder.write("cut", std::string_view(whole).substr(0, length)));
            if (!file)
                continue;
            (void)file->build_id();
            (void)file->module_name();
            (void)file->sections();
            (void)file->types().ok();
            for (const DebugSymbol &symbol : file->symbols())
                (void)file->lines(symbol.address);
            (void)file->lines(0x401000);
        }
    }
}

}  // namespace
}  // namespace whydrop::test
