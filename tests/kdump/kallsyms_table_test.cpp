// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel's table of symbols, in the shapes of four ages.
#include <gtest/gtest.h>

#include <random>

#include "kallsyms_builder.h"

namespace whydrop::test {
namespace {

using kdump::Kallsyms;

constexpr uint64_t stext = 0xffffffff81000000;

// More than a marker's worth, with names of all kinds.
Symbols symbols() {
    Symbols all = {{0x0, "Afixed_percpu_data"}, {0x1f000, "Dsoftnet_data"}};
    all.emplace_back(stext, "T_stext");
    all.emplace_back(stext, "T_text");
    for (uint64_t i = 1; i <= 997; i++)
        all.emplace_back(stext + i * 0x40, "tfunction_" + std::to_string(i));
    all.emplace_back(stext + 0x20000, "Tip_rcv");
    all.emplace_back(stext + 0x20100, "t" + std::string(300, 'x'));  // longer than one byte says
    all.emplace_back(stext + 0x20200, "Dinit_uts_ns");
    return all;
}

class EveryAge : public testing::TestWithParam<KallsymsAge> {
  protected:
    KallsymsSample sample_ = kallsyms_sample(GetParam(), fitting(symbols()), stext);

    // 5.10 has no names longer than 127 tokens.
    static Symbols fitting(Symbols all) {
        if (GetParam() == KallsymsAge::before_keys)
            std::erase_if(all, [](const auto &symbol) { return symbol.second.size() > 127; });
        return all;
    }
};

TEST_P(EveryAge, EachNameHasItsAddress) {
    auto found = Kallsyms::find(sample_.memory, sample_.info);
    ASSERT_TRUE(found.ok()) << found.error().what;
    const auto all = fitting(symbols());
    EXPECT_EQ(found->count(), all.size());
    for (const auto &[address, name] : all)
        if (address >= stext || GetParam() != KallsymsAge::relative) {
            EXPECT_EQ(found->address_of(name.substr(1)), address) << name;
        }
    for (const char *missing : {"", "ip_rc", "ip_rcvv", "zzz", "A", "function_998"})
        EXPECT_EQ(found->address_of(missing), 0u) << missing;
}

TEST_P(EveryAge, ManyAreFoundInOnePass) {
    auto found = Kallsyms::find(sample_.memory, sample_.info);
    ASSERT_TRUE(found.ok());
    found->prepare({"init_uts_ns", "ip_rcv", "function_7", "missing", "function_997"});
    EXPECT_EQ(found->address_of("init_uts_ns"), stext + 0x20200);
    EXPECT_EQ(found->address_of("ip_rcv"), stext + 0x20000);
    EXPECT_EQ(found->address_of("function_7"), stext + 7 * 0x40);
    EXPECT_EQ(found->address_of("missing"), 0u);
}

TEST_P(EveryAge, AnAddressIsInASymbol) {
    auto found = Kallsyms::find(sample_.memory, sample_.info);
    ASSERT_TRUE(found.ok());
    const struct {
        const char *sentence;
        uint64_t address;
        const char *name;
        uint64_t begin, size;
    } rows[] = {
        {"its first byte", stext + 0x20000, "ip_rcv", stext + 0x20000,
         GetParam() == KallsymsAge::before_keys ? 0x200u : 0x100u},
        {"its last byte", stext + 0x20000 - 1, "function_997", stext + 997 * 0x40,
         0x20000 - 997 * 0x40},
        {"two names for a place: the first", stext + 3, "_stext", stext, 0x40},
        {"behind the last symbol", stext + 0x90000, "init_uts_ns", stext + 0x20200, 0},
    };
    for (const auto &row : rows) {
        const auto symbol = found->symbol_at(row.address);
        ASSERT_TRUE(symbol.has_value()) << row.sentence;
        EXPECT_EQ(symbol->name, row.name) << row.sentence;
        EXPECT_EQ(symbol->address, row.begin) << row.sentence;
        EXPECT_EQ(symbol->size_bytes, row.size) << row.sentence;
    }
}

TEST_P(EveryAge, DamagedItNeverCrashes) {
    std::mt19937 random(11);
    const auto intact = sample_.memory.bytes();
    size_t readable = 0;
    for (int i = 0; i < 211; i++) {
        sample_.memory.bytes() = intact;
        for (int k = 0; k < 7; k++)
            sample_.memory.bytes()[(1u << 20) + random() % 20011] = static_cast<uint8_t>(random());
        auto found = Kallsyms::find(sample_.memory, sample_.info);
        if (!found)
            continue;
        readable++;
        found->prepare({"ip_rcv", "missing"});
        (void)found->address_of("init_uts_ns");
        (void)found->symbol_at(stext + 0x1234);
    }
    EXPECT_GT(readable, 0u);
}

std::string name_of(const testing::TestParamInfo<KallsymsAge> &age) {
    static const char *const all[] = {"BeforeKeys", "WithKeys", "Sorted", "Relative"};
    return all[static_cast<int>(age.param)];
}

INSTANTIATE_TEST_SUITE_P(Kallsyms, EveryAge,
                         testing::Values(KallsymsAge::before_keys, KallsymsAge::with_keys,
                                         KallsymsAge::sorted, KallsymsAge::relative),
                         name_of);

TEST(Kallsyms, OfAnotherKernelIsRefused) {
    auto sample = kallsyms_sample(KallsymsAge::with_keys, symbols(), stext);
    std::string text = sample.info.text();
    text += "SYMBOL(_stext)=ffffffff81000040\n";
    const auto found = Kallsyms::find(sample.memory, kdump::VmcoreInfo(text));
    ASSERT_FALSE(found.ok());
    EXPECT_NE(found.error().what.find("_stext"), std::string::npos);
}

TEST(Kallsyms, ThatIsNotThereIsSaid) {
    const PlainMemory empty(stext, 1u << 20);
    const auto found =
        Kallsyms::find(empty, kdump::VmcoreInfo("SYMBOL(_stext)=ffffffff81000000\n"));
    ASSERT_FALSE(found.ok());
    EXPECT_NE(found.error().hint.find("CONFIG_KALLSYMS"), std::string::npos);
}

}  // namespace
}  // namespace whydrop::test
