// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/btf.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "btf_samples.h"

namespace whydrop {
namespace {

using kdump::Btf;
using kdump::BtfKind;
using test::BtfBuilder;
using test::EveryKind;

TEST(Btf, ReadsEveryKind) {
    const EveryKind all;
    const auto bytes = all.builder.bytes();
    const auto btf = Btf::parse(bytes);
    ASSERT_TRUE(btf) << btf.error().what;
    EXPECT_EQ(btf->first_id(), 1u);
    EXPECT_EQ(btf->end_id(), all.wide + 1);
    for (uint32_t id = 1; id < btf->end_id(); id++)
        EXPECT_TRUE(btf->type(id)) << id;
    EXPECT_FALSE(btf->type(0)) << "void is no type of ours";
    EXPECT_FALSE(btf->type(btf->end_id()));
}

TEST(Btf, FindsByKindAndWholeName) {
    const EveryKind all;
    const auto bytes = all.builder.bytes();
    const auto btf = Btf::parse(bytes);
    ASSERT_TRUE(btf);
    const struct {
        const char *why;
        BtfKind kind;
        const char *name;
        uint32_t id;
    } rows[] = {
        {"a structure", BtfKind::structure, "outer", all.outer},
        {"a typedef", BtfKind::typedef_, "outer_t", all.typedef_},
        {"a beginning is not the name", BtfKind::structure, "oute", 0},
        {"nor is a longer one", BtfKind::structure, "outer_", 0},
        {"the kind counts", BtfKind::union_, "outer", 0},
        {"a function", BtfKind::function, "kfree", all.function},
        {"a variable", BtfKind::variable, "pcpu_hot", all.variable},
        {"the last string of the section, and one letter more", BtfKind::enumeration64, "wideX", 0},
        {"the last type", BtfKind::enumeration64, "wide", all.wide},
    };
    for (const auto &row : rows)
        EXPECT_EQ(btf->find(row.kind, row.name), row.id) << row.why;
    EXPECT_EQ(btf->find_enumeration("wide"), all.wide);
    EXPECT_EQ(btf->find_enumeration("signs"), all.signs);
    EXPECT_EQ(btf->ids_of(BtfKind::integer), std::vector<uint32_t>{all.integer});
}

TEST(Btf, ReadsEnumeratorsParametersAndMembers) {
    const EveryKind all;
    const auto bytes = all.builder.bytes();
    const auto btf = Btf::parse(bytes);
    ASSERT_TRUE(btf);
    const auto signs = btf->enumerators(all.signs);
    ASSERT_EQ(signs.size(), 2u);
    EXPECT_EQ(signs[0].name, "MINUS");
    EXPECT_EQ(signs[0].value, UINT64_MAX) << "signed ones are extended";
    const auto wide = btf->enumerators(all.wide);
    ASSERT_EQ(wide.size(), 1u);
    EXPECT_EQ(wide[0].value, 0x700000005u);

    const auto parameters = btf->parameters(btf->type(all.function)->target);
    ASSERT_EQ(parameters.size(), 2u);
    EXPECT_EQ(parameters[0].name, "skb");
    EXPECT_EQ(parameters[0].type, all.pointer);
    EXPECT_EQ(parameters[1].name, "");

    const auto members = btf->members(all.outer);
    ASSERT_EQ(members.size(), 3u);
    EXPECT_EQ(members[2].bit_offset, 67u);
    EXPECT_EQ(members[2].bitfield_bits, 3u);
    EXPECT_TRUE(btf->members(all.signs).empty()) << "only structures have members";
    EXPECT_TRUE(btf->enumerators(all.outer).empty());
    EXPECT_TRUE(btf->parameters(999).empty());
}

TEST(Btf, FollowsTypes) {
    const EveryKind all;
    const auto bytes = all.builder.bytes();
    const auto btf = Btf::parse(bytes);
    ASSERT_TRUE(btf);
    EXPECT_EQ(btf->strip(all.qualified), all.outer) << "through every qualifier";
    EXPECT_EQ(btf->strip(0), 0u);
    const auto high = btf->find_member(all.qualified, "high");
    ASSERT_TRUE(high) << "inside the anonymous union";
    EXPECT_EQ(high->bit_offset, 80u);
    EXPECT_FALSE(btf->find_member(all.outer, "none"));
    EXPECT_FALSE(btf->find_member(all.outer, ""));
    EXPECT_EQ(btf->size_of(all.array), 28u) << "seven times four";
    EXPECT_EQ(btf->size_of(all.pointer), 8u);
    EXPECT_EQ(btf->size_of(all.qualified), 12u);
    EXPECT_EQ(btf->size_of(all.variable), 12u);
    EXPECT_FALSE(btf->size_of(all.function));
}

TEST(Btf, SplitBtfGoesOnAfterItsBase) {
    const EveryKind all;
    const auto bytes = all.builder.bytes();
    const auto base = Btf::parse(bytes);
    ASSERT_TRUE(base);
    BtfBuilder more(all.builder);
    const uint32_t own = more.add(BtfKind::typedef_, "mine", 0, all.outer);
    const uint32_t foreign = more.add_raw(static_cast<uint32_t>(BtfKind::typedef_), 1, 0, own, {});
    const auto split_bytes = more.bytes();
    const auto split = Btf::parse(split_bytes, &*base);
    ASSERT_TRUE(split) << split.error().what;
    EXPECT_EQ(split->first_id(), base->end_id());
    EXPECT_EQ(split->find(BtfKind::typedef_, "mine"), own);
    EXPECT_EQ(split->find(BtfKind::structure, "outer"), all.outer) << "else the base's";
    EXPECT_EQ(split->strip(foreign), all.outer);
    EXPECT_EQ(split->type(foreign)->name, "int") << "a name among the base's strings";
    EXPECT_EQ(base->find(BtfKind::typedef_, "mine"), 0u);
}

TEST(Btf, StepsOverKindsThatTheLayoutSectionDescribes) {
    const test::Younger younger;
    EXPECT_FALSE(Btf::parse(younger.builder.bytes())) << "without a layout there is no way past it";
    const auto bytes = younger.builder.bytes(younger.layout);
    const auto btf = Btf::parse(bytes);
    ASSERT_TRUE(btf) << btf.error().what;
    EXPECT_EQ(btf->find(BtfKind::typedef_, "after"), younger.after);
}

TEST(Btf, TellsWhatIsWrongWithBrokenBytes) {
    const auto good = EveryKind().builder.bytes();
    const auto with = [&](size_t at, uint8_t value) {
        auto bytes = good;
        bytes[at] = value;
        return bytes;
    };
    const auto cut = [&](size_t bytes) {
        return std::vector<uint8_t>(good.begin(), good.begin() + static_cast<long>(bytes));
    };
    constexpr size_t first_type = 24;
    BtfBuilder million;
    million.add_raw(static_cast<uint32_t>(BtfKind::structure), 0, 1000003, 8, {0, 1, 0, 0, 1, 32});
    const struct {
        const char *why;
        std::vector<uint8_t> bytes;
        const char *says;
    } rows[] = {
        {"nothing", {}, "shorter than its header"},
        {"a cut header", cut(23), "shorter than its header"},
        {"another magic", with(0, 0), "magic"},
        {"a version to come", with(2, 2), "version 2"},
        {"a header longer than all", with(5, 0xff), "header length"},
        {"a header shorter than any", with(4, 7), "header length 7"},
        {"types past the end", with(15, 0x7f), "past the end"},
        {"strings past the end", with(23, 0x7f), "past the end"},
        {"a cut file", cut(good.size() - 1), "past the end"},
        {"a name without an end", with(good.size() - 1, 'x'), "no end"},
        {"kind 0", with(first_type + 7, 0), "kind 0 of type 1"},
        {"kind 99 and no layout", with(first_type + 7, 99), "kind 99 of type 1"},
        {"a type section that ends within a type", with(12, good[12] - 4), "past the end"},
        {"a structure of a million members, two of them there", million.bytes(), "type 1 reaches"},
    };
    for (const auto &row : rows) {
        const auto btf = Btf::parse(row.bytes);
        ASSERT_FALSE(btf) << row.why;
        EXPECT_NE(btf.error().what.find(row.says), std::string::npos)
            << row.why << ": " << btf.error().what;
    }
    auto swapped = good;
    std::swap(swapped[0], swapped[1]);
    const auto other = Btf::parse(swapped);
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().what.find("byte order"), std::string::npos);
}

TEST(Btf, LoopsEnd) {
    const test::Loops loops;
    const auto bytes = loops.builder.bytes();
    const auto btf = Btf::parse(bytes);
    ASSERT_TRUE(btf);
    EXPECT_EQ(btf->strip(loops.typedef_), 0u);
    EXPECT_FALSE(btf->size_of(loops.typedef_));
    EXPECT_FALSE(btf->find_member(loops.structure, "none"));
    EXPECT_FALSE(btf->size_of(loops.array));
    EXPECT_FALSE(btf->size_of(loops.variable));
}

TEST(Btf, SeedsOfTheFuzzerAreTheSamples) {
    for (const auto &sample : test::btf_samples()) {
        std::ifstream file(WHYDROP_SOURCE "/tests/fuzz/corpus/btf/" + sample.name,
                           std::ios::binary);
        const std::vector<uint8_t> seed{std::istreambuf_iterator<char>(file), {}};
        EXPECT_EQ(seed, sample.bytes) << sample.name << ": write it anew with btf_seeds";
    }
}

// Every byte of a small BTF turned over, one at a time: an answer or an Error, never more.
TEST(Btf, NoSingleWrongByteHurts) {
    const auto good = EveryKind().builder.bytes();
    size_t parsed = 0;
    for (size_t at = 0; at < good.size(); at++) {
        auto bytes = good;
        bytes[at] ^= 0xff;
        const auto btf = Btf::parse(bytes);
        if (!btf)
            continue;
        parsed++;
        for (uint32_t id = 0; id <= btf->end_id(); id++) {
            const auto type = btf->type(id);
            EXPECT_EQ(type.has_value(), id != 0 && id != btf->end_id());
            (void)btf->enumerators(id);
            (void)btf->parameters(id);
            (void)btf->find_member(id, "none");
            (void)btf->size_of(id);
        }
    }
    EXPECT_GT(parsed, good.size() / 3) << "most bytes are names, sizes and ids";
}

// "'NAME' val=NUMBER" lines of bpftool, below the enumeration of that name.
std::map<std::string, uint64_t> by_bpftool(const std::string &enumeration) {
    std::map<std::string, uint64_t> values;
    FILE *pipe = popen("bpftool btf dump file /sys/kernel/btf/vmlinux 2>/dev/null", "r");
    char line[512];
    bool inside = false;
    while (pipe != nullptr && fgets(line, sizeof line, pipe) != nullptr) {
        char name[256];
        unsigned long long value = 0;
        if (line[0] == '[')
            inside = std::string(line).find("ENUM '" + enumeration + "'") != std::string::npos;
        else if (inside && sscanf(line, " '%255[^']' val=%llu", name, &value) == 2)
            values[name] = value;
    }
    if (pipe != nullptr)
        pclose(pipe);
    return values;
}

TEST(Btf, AgreesWithBpftoolOnTheRunningKernel) {
    std::ifstream file("/sys/kernel/btf/vmlinux", std::ios::binary);
    if (!file)
        GTEST_SKIP() << "this kernel has no /sys/kernel/btf/vmlinux";
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    const auto btf = Btf::parse(bytes);
    ASSERT_TRUE(btf) << btf.error().what;
    const uint32_t buffer = btf->find(BtfKind::structure, "sk_buff");
    ASSERT_NE(buffer, 0u);
    EXPECT_TRUE(btf->find_member(buffer, "dev")) << "which is in anonymous unions";
    const auto theirs = by_bpftool("skb_drop_reason");
    if (theirs.empty())
        GTEST_SKIP() << "no bpftool here, or no skb_drop_reason in this kernel, to compare with";
    std::map<std::string, uint64_t> ours;
    for (const auto &one : btf->enumerators(btf->find_enumeration("skb_drop_reason")))
        ours.emplace(one.name, one.value);
    EXPECT_EQ(ours, theirs);
}

}  // namespace
}  // namespace whydrop
