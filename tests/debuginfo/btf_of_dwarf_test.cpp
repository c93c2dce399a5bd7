// SPDX-License-Identifier: GPL-2.0-or-later
// Types out of DWARF are those that this compiler makes of the same header.
#include "source/debuginfo/btf_of_dwarf.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <set>

#include "kdump/types.h"
#include "sample_types.h"
#include "samples.h"

namespace whydrop::test {
namespace {

using kdump::Btf;
using kdump::BtfKind;
using kdump::Types;

std::unique_ptr<Types> types_of(const std::string &name) {
    const auto file = DebugFile::open(sample(name));
    if (!file)
        return nullptr;
    auto bytes = file->types();
    if (!bytes)
        return nullptr;
    auto types = Types::of(std::move(*bytes));
    return types ? std::move(*types) : nullptr;
}

struct ExpectedMember {
    std::string path;
    size_t offset_bytes, size_bytes;
};

#define MEMBER(member) \
    { #member, offsetof(struct sample, member), sizeof(sample::member) }

const std::vector<ExpectedMember> members = {
    MEMBER(id),
    MEMBER(name),
    MEMBER(big),
    MEMBER(other),
    MEMBER(in),
    {"in.deep", offsetof(struct sample, in.deep), sizeof(int)},
    MEMBER(pair),
    MEMBER(next),
    MEMBER(unknown),
    MEMBER(handler),
    MEMBER(colour),
    MEMBER(direction),
    MEMBER(wide),
    MEMBER(ratio),
    MEMBER(grid),
    MEMBER(word),
    {"tail", offsetof(struct sample, tail), 0},
};

// Where the bits of a field are, by setting them.
template <typename Set>
std::pair<uint64_t, uint32_t> bits_of(Set set) {
    struct sample object;
    std::memset(static_cast<void *>(&object), 0, sizeof object);
    set(object);
    const auto *bytes = reinterpret_cast<const unsigned char *>(&object);
    uint64_t first = 0;
    uint32_t count = 0;
    for (uint64_t bit = 0; bit < 8 * sizeof object; bit++)
        if (bytes[bit / 8] >> bit % 8 & 1) {
            first = count ? first : bit;
            count++;
        }
    return {first, count};
}

class BtfOfDwarf : public testing::TestWithParam<const char *> {
  protected:
    void SetUp() override {
        types = types_of(GetParam());
        ASSERT_TRUE(types);
    }
    std::unique_ptr<Types> types;
};

TEST_P(BtfOfDwarf, HasEachMemberWhereTheCompilerPutsIt) {
    EXPECT_EQ(types->size_of("sample"), sizeof(struct sample));
    EXPECT_EQ(types->size_of("word"), sizeof(union word));
    for (const ExpectedMember &member : members) {
        SCOPED_TRACE(member.path);
        const auto field = types->field("sample", member.path);
        ASSERT_TRUE(field);
        EXPECT_EQ(field->offset_bytes, member.offset_bytes);
        EXPECT_EQ(types->btf().size_of(field->type).value_or(99), member.size_bytes);
        EXPECT_EQ(field->bits, 0u);
    }
    EXPECT_FALSE(types->field("sample", "nothing"));
}

TEST_P(BtfOfDwarf, HasBitFields) {
    const std::vector<std::pair<std::string, std::pair<uint64_t, uint32_t>>> fields = {
        {"low", bits_of([](auto &object) { object.low = 7; })},
        {"high", bits_of([](auto &object) { object.high = 0x7f; })},
        {"sign", bits_of([](auto &object) { object.sign = -1; })},
        {"flag", bits_of([](auto &object) { object.flag = 1; })},
        {"wide_bits", bits_of([](auto &object) { object.wide_bits = (1ull << 40) - 1; })},
    };
    for (const auto &[name, bits] : fields) {
        SCOPED_TRACE(name);
        const auto field = types->field("sample", name);
        ASSERT_TRUE(field);
        EXPECT_EQ(8 * field->offset_bytes + field->first_bit, bits.first);
        EXPECT_EQ(field->bits, bits.second);
    }
}

TEST_P(BtfOfDwarf, HasEnumerationsWithTheirSigns) {
    EXPECT_EQ(types->enumerator("colour", 5), "GREEN");
    EXPECT_EQ(types->enumerator("colour", 200), "BLUE");
    EXPECT_EQ(types->enumerator("colour", 0x80000000), "DARK");
    EXPECT_EQ(types->enumerator("direction", static_cast<uint64_t>(-1)), "BACK");
    EXPECT_NE(types->btf().find(BtfKind::enumeration64, "wide"), 0u);
}

TEST_P(BtfOfDwarf, HasWhatTheMembersAreMadeOf) {
    const Btf &btf = types->btf();
    const auto grid = btf.array(types->field("sample", "grid")->type);
    ASSERT_TRUE(grid);
    EXPECT_EQ(grid->count, 2u);
    EXPECT_EQ(btf.array(grid->element).value().count, 5u);
    const auto next = btf.type(types->field("sample", "next")->type);
    EXPECT_EQ(next->target, types->structure("sample"));
    const auto handler = btf.type(btf.strip(types->field("sample", "handler")->type));
    ASSERT_EQ(handler->kind, BtfKind::pointer);
    EXPECT_EQ(btf.parameters(handler->target).size(), 3u);  // the last one stands for "..."
    EXPECT_NE(btf.find(BtfKind::forward, "never_defined"), 0u);
    EXPECT_EQ(btf.ids_of(BtfKind::floating).size(), 1u);
}

// A variable's own structure, and the prototypes of functions that have code.
TEST_P(BtfOfDwarf, HasFunctionsAndTypesWithoutANameThatVariablesHave) {
    const Btf &btf = types->btf();
    const auto outer = btf.type(btf.find(BtfKind::function, "outer"));
    ASSERT_TRUE(outer);
    const auto parameters = btf.parameters(outer->target);
    ASSERT_EQ(parameters.size(), 2u);
    EXPECT_EQ(parameters[0].name, "sample");
    EXPECT_EQ(btf.type(btf.strip(parameters[0].type))->target, types->structure("sample"));
    bool found = false;
    for (const uint32_t id : btf.ids_of(BtfKind::structure))
        found |= btf.type(id)->name.empty() && btf.find_member(id, "before").has_value();
    EXPECT_TRUE(found);
}

TEST_P(BtfOfDwarf, HasEachNameOnce) {
    const Btf &btf = types->btf();
    for (const BtfKind kind : {BtfKind::structure, BtfKind::union_, BtfKind::enumeration,
                               BtfKind::integer, BtfKind::typedef_, BtfKind::function}) {
        std::set<std::string> names;
        for (const uint32_t id : btf.ids_of(kind)) {
            const std::string name(btf.type(id)->name);
            EXPECT_TRUE(name.empty() || names.insert(name).second) << name;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, BtfOfDwarf, testing::Values("sample", "sample.ko", "dwarf3"),
                         [](const auto &row) {
                             std::string name = row.param;
                             return name.substr(0, name.find('.')) +
                                    (name.ends_with(".ko") ? "Relocatable" : "");
                         });

}  // namespace
}  // namespace whydrop::test
