// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/event_format.h"

#include <gtest/gtest.h>

#include "source/tracefs/print_names.h"

namespace whydrop {
namespace {

using Kind = EventField::Kind;

constexpr const char *kFormat =
    "name: kfree_skb\n"
    "ID: 1731\n"
    "format:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
    "\n"
    "\tfield:void * skbaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
    "\tfield:unsigned short protocol;\toffset:24;\tsize:2;\tsigned:0;\n"
    "\tfield:enum skb_drop_reason reason;\toffset:28;\tsize:4;\tsigned:0;\n"
    "\tfield:__data_loc char[] name;\toffset:32;\tsize:4;\tsigned:0;\n"
    "\tfield:__rel_loc u8[] bytes;\toffset:36;\tsize:4;\tsigned:0;\n"
    "\tfield:char comm[16];\toffset:40;\tsize:16;\tsigned:0;\n"
    "\tfield:__u8 saddr_v6[16];\toffset:56;\tsize:16;\tsigned:0;\n"
    "\tfield:__u8 saddr[4];\toffset:72;\tsize:4;\tsigned:0;\n"
    "\tfield:const char *what;\toffset:80;\tsize:8;\tsigned:0;\n"
    "\tfield:s64 delta;\toffset:88;\tsize:8;\tsigned:1;\n"
    "\tfield:unsigned long args[6];\toffset:96;\tsize:48;\tsigned:0;\n"
    "\tfield:broken\n"
    "\tfield:int no_size;\toffset:4;\n"
    "\tfield:nameless;\toffset:4;\tsize:4;\tsigned:1;\n"
    "\tfield:int open[3;\toffset:4;\tsize:4;\tsigned:1;\n"
    "\n"
    "print fmt: \"skbaddr=%p reason: %s\", REC->skbaddr, __print_symbolic(REC->reason, { 1, "
    "\"NOT_DROPPED_YET\" }, { 2, \"NOT_SPECIFIED\" }, { 3, \"NO_SOCKET\" })\n";

struct FieldRow {
    const char *why, *name, *type;
    uint32_t offset, size, elements;
    bool is_signed, is_dynamic;
    Kind kind;
};

const FieldRow kFields[] = {
    {"of every event", "common_pid", "int", 4, 4, 0, true, false, Kind::number},
    {"a pointer, its star apart", "skbaddr", "void *", 8, 8, 0, false, false, Kind::number},
    {"a type of two words", "protocol", "unsigned short", 24, 2, 0, false, false, Kind::number},
    {"an enum", "reason", "enum skb_drop_reason", 28, 4, 0, false, false, Kind::number},
    {"a string as long as it is", "name", "char", 32, 4, 0, false, true, Kind::text},
    {"bytes, counted from where they are named", "bytes", "u8", 36, 4, 0, false, true, Kind::bytes},
    {"a string of fixed length", "comm", "char", 40, 16, 16, false, false, Kind::text},
    {"an address too long for a number", "saddr_v6", "__u8", 56, 16, 16, false, false, Kind::bytes},
    {"an address as long as a number", "saddr", "__u8", 72, 4, 4, false, false, Kind::number},
    {"a pointer to text, its star at the name", "what", "const char *", 80, 8, 0, false, false,
     Kind::text},
    {"with a sign", "delta", "s64", 88, 8, 0, true, false, Kind::number},
    {"an array of numbers", "args", "unsigned long", 96, 48, 6, false, false, Kind::bytes},
};

TEST(EventFormat, Fields) {
    const auto format = parse_event_format(kFormat);
    ASSERT_TRUE(format);
    EXPECT_EQ(format->name, "kfree_skb");
    EXPECT_EQ(format->id, 1731U);
    EXPECT_EQ(format->fields.size(), std::size(kFields) + 1);
    for (const FieldRow &row : kFields) {
        SCOPED_TRACE(row.why);
        const EventField *field = format->field(row.name);
        ASSERT_NE(field, nullptr);
        EXPECT_EQ(field->type, row.type);
        EXPECT_EQ(field->offset, row.offset);
        EXPECT_EQ(field->size, row.size);
        EXPECT_EQ(field->elements, row.elements);
        EXPECT_EQ(field->is_signed, row.is_signed);
        EXPECT_EQ(field->is_dynamic, row.is_dynamic);
        EXPECT_EQ(field->is_relative, std::string(row.name) == "bytes");
        EXPECT_EQ(field->kind, row.kind);
        EXPECT_EQ(field->names.empty(), field->name != "reason");
    }
    EXPECT_EQ(format->field("reason")->names[2],
              (std::pair<uint64_t, std::string>(3, "NO_SOCKET")));
    EXPECT_EQ(format->field("broken"), nullptr);
    EXPECT_EQ(field_names(*format),
              "skbaddr, protocol, reason, name, bytes, comm, saddr_v6, saddr, what, delta, args");
}

TEST(EventFormat, WhatIsNone) {
    for (const char *text : {"", "\n", "name: x\nID: 1\nformat:\n", "print fmt: \"\"\n"})
        EXPECT_FALSE(parse_event_format(text)) << text;
}

struct NamesRow {
    const char *why, *print, *field, *names;  // "1=A 2=B", in hexadecimal
    bool is_flags = false;
};

const NamesRow kNames[] = {
    {"a table", R"("%s", __print_symbolic(REC->a, { 1, "A" }, { 0x10, "B" }))", "a", "1=A 10=B"},
    {"flags", R"("%s", __print_flags(REC->f, "|", {1UL << 3, "X"}, {4, "Y"}))", "f", "8=X 4=Y",
     true},
    {"a field in brackets", R"("%s", __print_symbolic((REC->a), {1, "A"}))", "a", "1=A"},
    {"casts and brackets",
     R"("%s", __print_flags(REC->g, "|", {(( gfp_t)(((1UL) << (3)) | 0x1u)), "G"}))", "g", "9=G",
     true},
    {"a negative number", R"("%s", __print_symbolic(REC->a, {-1, "A"}, {(~0x0f), "B"}))", "a",
     "ffffffffffffffff=A fffffffffffffff0=B"},
    {"sums", R"("%s", __print_symbolic(REC->a, {0 + 3 - 1, "A"}))", "a", "2=A"},
    {"commas and brackets in a name",
     R"("%s", __print_symbolic(REC->a, {1, "A, }) \"q\""}, {2, "B"}))", "a",
     R"(1=A, }) \"q\" 2=B)"},
    {"what looks like a table in the text", R"x("__print_symbolic(REC->a, {1, \"A\"})", REC->a)x",
     "", ""},
    {"the name of a number that is none", R"("%s", __print_symbolic(REC->a, {FOO, "A"}, {2, "B"}))",
     "a", "2=B"},
    {"a part of a field", R"("%s", __print_symbolic(REC->a & 7, {1, "A"}))", "", ""},
    {"another's value", R"("%s", __print_symbolic(foo(REC->a), {1, "A"}))", "", ""},
    {"a shift too far", R"("%s", __print_symbolic(REC->a, {1 << 64, "A"}, {1 << 63, "B"}))", "a",
     "8000000000000000=B"},
    {"cut in the middle", R"("%s", __print_symbolic(REC->a, {1, "A"}, {2, "B)", "a", "1=A"},
    {"cut behind the bracket", R"("%s", __print_symbolic()", "", ""},
    {"nothing", "", "", ""},
};

TEST(EventFormat, NamesOfValues) {
    for (const NamesRow &row : kNames) {
        SCOPED_TRACE(row.why);
        const auto tables = print_names(row.print);
        ASSERT_EQ(tables.size(), *row.field ? 1U : 0U);
        if (tables.empty())
            continue;
        EXPECT_EQ(tables[0].field, row.field);
        EXPECT_EQ(tables[0].is_flags, row.is_flags);
        std::string names;
        for (const auto &[value, name] : tables[0].names) {
            char number[17];
            snprintf(number, sizeof number, "%lx", value);
            names += (names.empty() ? "" : " ") + std::string(number) + "=" + name;
        }
        EXPECT_EQ(names, row.names);
    }
}

TEST(EventFormat, DeepBracketsEnd) {
    const std::string print =
        "__print_symbolic(REC->a, {" + std::string(100'000, '(') + "1, \"A\"})";
    EXPECT_TRUE(print_names(print).empty());
}

}  // namespace
}  // namespace whydrop
