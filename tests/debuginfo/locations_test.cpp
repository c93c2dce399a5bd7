// SPDX-License-Identifier: GPL-2.0-or-later
// Places as traces have them: "ip_rcv+0x1c/0x1c2".
#include "source/debuginfo/locations.h"

#include <gtest/gtest.h>

#include "kdump/hex.h"
#include "samples.h"

namespace whydrop::test {
namespace {

TEST(Locations, AreRead) {
    struct Row {
        const char *text, *function;
        uint64_t offset;
        std::optional<uint64_t> size;
    };
    for (const Row &row : {Row{"ip_rcv", "ip_rcv", 0, {}},
                           {"ip_rcv+0x1c", "ip_rcv", 0x1c, {}},
                           {"ip_rcv+1c", "ip_rcv", 0x1c, {}},
                           {"ip_rcv.cold+0x1c/0x1c2", "ip_rcv.cold", 0x1c, 0x1c2},
                           {"alx_reset+0x7/0x20 [alx]", "alx_reset", 7, 0x20}}) {
        SCOPED_TRACE(row.text);
        const auto location = parse_location(row.text);
        ASSERT_TRUE(location) << location.error().what;
        EXPECT_EQ(location->function, row.function);
        EXPECT_EQ(location->offset_bytes, row.offset);
        EXPECT_EQ(location->size_bytes, row.size);
    }
    for (const char *text : {"", "+0x1c", "ip_rcv+", "ip_rcv+x", "ip_rcv+0x", "ip_rcv+1/",
                             " ip_rcv", "ip_rcv+0x10000000000000000"}) {
        SCOPED_TRACE(text);
        const auto location = parse_location(text);
        ASSERT_FALSE(location);
        EXPECT_EQ(location.error().code, Errc::usage);
    }
}

std::vector<DebugFile> open(const std::string &name) {
    std::vector<DebugFile> files;
    auto file = DebugFile::open(sample(name));
    if (file)
        files.push_back(std::move(*file));
    return files;
}

std::string text_of(const Value &value) {
    const auto *text = std::get_if<std::string>(&value);
    return text ? *text : "";
}

TEST(Locations, AreFoundWithoutADump) {
    for (const char *name : {"sample", "sample.ko"})
        for (const ExpectedPlace &place : expected_places) {
            SCOPED_TRACE(std::string(name) + ": " + place.sentence);
            const auto files = open(name);
            ASSERT_EQ(files.size(), 1u);
            const uint64_t offset = files[0].symbols_of(place.symbol).at(0).address -
                                    files[0].symbols_of(place.function).at(0).address;
            const std::string location = place.function + "+" + kdump::hex(offset);
            const auto section = source_lines_of(files, {location});
            ASSERT_TRUE(section) << section.error().what;
            ASSERT_EQ(section->rows.size(), place.lines.size());
            for (size_t i = 0; i < place.lines.size(); i++) {
                const auto &row = section->rows[i];
                const uint32_t line = line_of(place.lines[i].mark);
                EXPECT_EQ(text_of(row[0]), location);
                EXPECT_EQ(text_of(row[1]), place.lines[i].function);
                EXPECT_EQ(std::get<uint64_t>(row[4]), line);
                const std::string text = text_of(row.back());
                EXPECT_TRUE(text.starts_with(place.lines[i].inlined ? place.lines[i].function + " ("
                                                                    : location + " ("))
                    << text;
                EXPECT_NE(text.find("sample.c:" + std::to_string(line)), std::string::npos) << text;
                EXPECT_TRUE(text.ends_with("// " + place.lines[i].mark)) << text;
            }
        }
}

TEST(Locations, SayWhyTheyAreNotFound) {
    const auto files = open("sample.ko");
    ASSERT_EQ(files.size(), 1u);
    const std::string size = kdump::hex(files[0].symbols_of("outer").at(0).size_bytes);
    struct Row {
        const char *sentence;
        std::string location, says;
    };
    const Row rows[] = {
        {"no such function", "nothing+0x1", "no function 'nothing'"},
        {"behind the function's end", "outer+0x10000", "0x10000 is not in it"},
        {"a function that was longer where the trace was taken", "outer+0x1/0xfff",
         "outer has " + size + " bytes"},
        {"no number", "outer+x", "'outer+x'"},
    };
    for (const Row &row : rows) {
        SCOPED_TRACE(row.sentence);
        const auto section = source_lines_of(files, {row.location});
        ASSERT_FALSE(section);
        EXPECT_EQ(section.error().code, Errc::usage);
        EXPECT_NE(section.error().what.find(row.says), std::string::npos) << section.error().what;
    }
    EXPECT_TRUE(source_lines_of(files, {"outer+0x1/" + size}));
    const auto plain = source_lines_of(open("plain.ko"), {"outer"});
    ASSERT_FALSE(plain);
    EXPECT_NE(plain.error().what.find("compiled without -g"), std::string::npos);
    EXPECT_NE(plain.error().hint.find("-dbg"), std::string::npos);
}

}  // namespace
}  // namespace whydrop::test
