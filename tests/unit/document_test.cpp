// SPDX-License-Identifier: GPL-2.0-or-later
// One document, as text in each of its shapes and as JSON lines.
#include "render/document.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/document_json.h"
#include "sys/handle.h"

namespace whydrop {
namespace {

Section section(SectionShape shape) {
    Section made;
    made.type = "thing";
    made.title = "THINGS";
    made.shape = shape;
    made.columns = {{"name", "NAME"},
                    {"at", "AT", ValueForm::hex},
                    {"size_bytes", "SIZE", ValueForm::bytes},
                    {"up_s", "UP", ValueForm::seconds},
                    {"hidden", ""},
                    {"stack", "STACK"}};
    made.rows = {{std::string("a\x1b[2J"), uint64_t{0x1f}, uint64_t{17'572'391}, uint64_t{93784},
                  uint64_t{7}, std::vector<std::string>{"one+0x1", "two"}},
                 {std::string("b"), Value(), Value(), Value(), true, Value()}};
    return made;
}

std::string text_of(const Section &shown, DocumentStyle style = {}) {
    const Fd file(::memfd_create("document", MFD_CLOEXEC));
    Output output(file.get());
    DocumentWriter writer(output, style);
    EXPECT_TRUE(writer.write(shown).ok());
    std::string text(4096, '\0');
    const auto bytes = ::pread(file.get(), text.data(), text.size(), 0);
    text.resize(static_cast<size_t>(std::max<ssize_t>(bytes, 0)));
    return text;
}

TEST(Document, IsATable) {
    EXPECT_EQ(text_of(section(SectionShape::table)),
              "THINGS\n"
              "NAME      AT       SIZE               UP  STACK\n"
              "a\\x1b[2J  0x1f  16.8 MB  1 day, 02:03:04  one+0x1, two\n"
              "b         -           -                -  -\n");
    EXPECT_EQ(text_of(section(SectionShape::table), {.header = false}).find("NAME"),
              std::string::npos);
}

TEST(Document, IsFacts) {
    Section facts = section(SectionShape::facts);
    facts.title.clear();
    facts.columns.pop_back();
    facts.rows = {{std::string("a"), uint64_t{0x1f}, Value(), uint64_t{59}, Value()}};
    EXPECT_EQ(text_of(facts), "NAME: a\n  AT: 0x1f\n  UP: 00:00:59\n");
}

TEST(Document, IsBlocks) {
    Section blocks = section(SectionShape::blocks);
    EXPECT_EQ(text_of(blocks),
              "THINGS\n"
              "NAME: a\\x1b[2J  AT: 0x1f  SIZE: 16.8 MB  UP: 1 day, 02:03:04  7\n"
              "  one+0x1\n  two\n"
              "NAME: b  yes\n");
}

TEST(Document, KeepsForJsonWhatIsOfJsonOnly) {
    Section blocks = section(SectionShape::blocks);
    const std::string before = text_of(blocks);
    blocks.columns.push_back({"addresses", "", ValueForm::json});
    for (auto &row : blocks.rows)
        row.push_back(std::vector<std::string>{"0x1f"});
    EXPECT_EQ(text_of(blocks), before);
    EXPECT_NE(to_json_lines(blocks)[0].find(R"("addresses":["0x1f"])"), std::string::npos);
}

TEST(Document, SaysWhenThereIsNothing) {
    Section none = section(SectionShape::table);
    none.rows.clear();
    EXPECT_EQ(text_of(none), "");
    none.if_empty = "no things";
    EXPECT_EQ(text_of(none), "THINGS\nno things\n");
}

TEST(Document, SaysWhatItCuts) {
    Section cut = section(SectionShape::lines);
    cut.columns = {{"text", ""}};
    cut.rows = {{std::string("one")}, {std::string("two")}, {std::string("three")}};
    cut.shown = 1;
    EXPECT_EQ(text_of(cut), "THINGS\none\nand 2 more (-f json has all)\n");
    EXPECT_EQ(to_json_lines(cut).size(), 3u);
    cut.shown = 3;
    EXPECT_EQ(text_of(cut), "THINGS\none\ntwo\nthree\n");
}

TEST(Document, HasBarsWhereTheyAreWanted) {
    Section shares;
    shares.type = "thing";
    shares.columns = {{"share", "%", ValueForm::share}};
    shares.rows = {{25.0}};
    EXPECT_EQ(text_of(shares), "    %\n25.00\n");
    EXPECT_EQ(text_of(shares, {.header = false, .bars = true}), "25.00 ███\n");
}

TEST(Document, SaysNothingOfWhatIsForPrograms) {
    Section summary;
    summary.type = "summary";
    summary.columns = {{"hits", ""}};
    summary.rows = {{uint64_t{13}}};
    EXPECT_EQ(text_of(summary), "");
    EXPECT_EQ(text_of(summary, {.json = true}),
              "{\"type\":\"summary\",\"schema\":1,\"hits\":13}\n");
}

TEST(Document, HasItsNotesBeforeTheLosses) {
    Session session;
    session.notes = {"of the \x1b[2J session"};
    const Fd file(::memfd_create("document", MFD_CLOEXEC));
    Output output(file.get());
    DocumentWriter writer(output, {});
    EXPECT_TRUE(writer.begin(session).ok());
    EXPECT_TRUE(writer.write(notes_section({"of the end"})).ok());
    EXPECT_TRUE(writer.end({}).ok());
    std::string text(4096, '\0');
    text.resize(static_cast<size_t>(::pread(file.get(), text.data(), text.size(), 0)));
    EXPECT_EQ(text, "note: of the \\x1b[2J session\nnote: of the end\n\nlosses: none\n");
}

TEST(Document, IsJsonLines) {
    const auto lines = to_json_lines(section(SectionShape::table));
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0],
              R"({"type":"thing","schema":1,"name":"a\u001b[2J","at":"0x1f",)"
              R"("size_bytes":17572391,"up_s":93784,"hidden":7,"stack":["one+0x1","two"]})");
    EXPECT_EQ(lines[1], R"({"type":"thing","schema":1,"name":"b","hidden":true})");
}

}  // namespace
}  // namespace whydrop
