// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/kallsyms.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "temp_dir.h"

namespace whydrop {
namespace {

using test::TempDir;

// Modules are newest first, BPF comes last, data stands between, one address has three names.
constexpr const char *kList =
    "0000000000000000 A fixed_percpu_data\n"
    "ffffffff81000000 T _stext\n"
    "ffffffff81000000 T _text\n"
    "ffffffff81000000 t startup\n"
    "ffffffff81000100 T ip_rcv_core\n"
    "ffffffff81000400 t ip_rcv_finish.isra.0\n"
    "ffffffff81000450 D some_data\n"
    "ffffffff81000500 W weak_one\n"
    "ffffffff81000600 T _etext\n"
    "ffffffffc0300000 t second_first\t[second]\n"
    "ffffffffc0300040 t second_last\t[second]\n"
    "ffffffffc0100000 t first_only\t[first]\n"
    "ffffffffc0304000 t bpf_prog_6deef7357e7b4530_count\t[bpf]\n"
    "not a line\n"
    "ffffffff81000200\n"
    "ffffffff81000200 T \n"
    "123456789012345678 T too_many_digits\n"
    "ffffffffc0400000 t no_newline_at_the_end";

struct Row {
    const char *why;
    uint64_t address;
    Symbol symbol;
};

const Row kRows[] = {
    {"of three names the first", 0xffffffff81000000, {0, "_stext", 0, ""}},
    {"inside a function", 0xffffffff81000300, {0, "ip_rcv_core", 0x200, ""}},
    {"its last byte", 0xffffffff810003ff, {0, "ip_rcv_core", 0x2ff, ""}},
    {"data is no end of a function", 0xffffffff81000460, {0, "ip_rcv_finish.isra.0", 0x60, ""}},
    {"a weak one", 0xffffffff81000501, {0, "weak_one", 1, ""}},
    {"a module that stands later in the list",
     0xffffffffc0100010,
     {0, "first_only", 0x10, "first"}},
    {"a function in a module", 0xffffffffc030003f, {0, "second_first", 0x3f, "second"}},
    {"the last of a module, as far as the next symbol",
     0xffffffffc0303fff,
     {0, "second_last", 0x3fbf, "second"}},
    {"a JITed program", 0xffffffffc0304011, {0, "bpf_prog_6deef7357e7b4530_count", 0x11, "bpf"}},
    {"where a module was unloaded", 0xffffffffc0200000, {}},
    {"below everything", 0x1000, {}},
    {"above everything", 0xffffffffff600000, {}},
    {"zero", 0, {}},
    {"a line without its end", 0xffffffffc0400000, {}},
};

class KallsymsTest : public testing::TestWithParam<bool> {
  protected:
    Symbolizer symbolizer(const std::string &path) const {
        Symbolizer names(path);
        if (GetParam())
            names.keep_table();
        return names;
    }
    TempDir dir_;
};

TEST_P(KallsymsTest, NamesOneByOne) {
    Symbolizer names = symbolizer(dir_.write("kallsyms", kList));
    EXPECT_FALSE(names.hidden());
    EXPECT_EQ(names.problem(), "");
    for (const Row &row : kRows) {
        Symbol expected = row.symbol;
        expected.address = row.address;
        EXPECT_EQ(names.resolve(row.address), expected)
            << row.why << ": " << names.resolve(row.address).name;
    }
}

TEST_P(KallsymsTest, NamesAllAtOnce) {
    Symbolizer names = symbolizer(dir_.write("kallsyms", kList));
    std::vector<uint64_t> addresses;
    for (const Row &row : kRows)
        addresses.insert(addresses.end(), {row.address, row.address});
    names.resolve_all(addresses);
    dir_.write("kallsyms", std::string_view(""));  // every module unloaded: what is known stays
    for (const Row &row : kRows) {
        Symbol expected = row.symbol;
        expected.address = row.address;
        EXPECT_EQ(names.resolve(row.address), expected) << row.why;
    }
}

TEST_P(KallsymsTest, HiddenAddressesAreNoticed) {
    std::string list = "0000000000000000 A fixed_percpu_data\n";
    for (int i = 0; i < 211; i++)
        list += "0000000000000000 T function_" + std::to_string(i) + "\n";
    Symbolizer names = symbolizer(dir_.write("kallsyms", list));
    EXPECT_TRUE(names.hidden());
    EXPECT_NE(names.problem().find("kernel.kptr_restrict"), std::string::npos) << names.problem();
    EXPECT_EQ(names.resolve(0xffffffff81000300).name, "");
}

TEST_P(KallsymsTest, AMissingListIsExplained) {
    Symbolizer names = symbolizer(dir_.path() + "/none");
    EXPECT_FALSE(names.hidden());
    EXPECT_EQ(names.resolve(0xffffffff81000300).name, "");
    EXPECT_NE(names.problem().find("No such file"), std::string::npos) << names.problem();
}

TEST_P(KallsymsTest, LongListsAndLongLines) {
    // More than one buffer, a line longer than one, and lines across their borders.
    std::string list;
    constexpr int functions = 10007;
    char line[64];
    for (int i = 0; i < functions; i++) {
        snprintf(line, sizeof line, "%016llx t function_%d\n", 0xffffffff81000000ULL + i * 16ULL,
                 i);
        list += line;
        if (i == functions / 2)
            list += std::string(300007, 'x') + "\n";
    }
    Symbolizer names = symbolizer(dir_.write("kallsyms", list));
    std::vector<uint64_t> addresses;
    for (uint64_t i = 0; i < functions; i += 97)
        addresses.push_back(0xffffffff81000003ULL + i * 16);
    names.resolve_all(addresses);
    for (uint64_t i = 0; i < functions; i += 97) {
        const Symbol symbol = names.resolve(0xffffffff81000003ULL + i * 16);
        EXPECT_EQ(symbol.name, "function_" + std::to_string(i));
        EXPECT_EQ(symbol.offset, 3u);
    }
}

// Every 1009th text symbol of the kernel we run on, by the plain reading of the list.
TEST_P(KallsymsTest, AgreesWithTheRunningKernel) {
    Symbolizer names = symbolizer("/proc/kallsyms");
    if (names.hidden() || !names.problem().empty())
        GTEST_SKIP() << names.problem();
    std::ifstream list("/proc/kallsyms");
    std::string line;
    std::vector<Symbol> expected;
    uint64_t previous = 0;
    for (int i = 0; std::getline(list, line);) {
        std::istringstream words(line);
        Symbol symbol;
        std::string type;
        words >> std::hex >> symbol.address >> type >> symbol.name;
        if (std::string("tTwW").find(type) == std::string::npos)
            continue;
        const bool first_name = symbol.address != previous;
        previous = symbol.address;
        if (++i % 1009 != 0 || !first_name || line.find('[') != std::string::npos)
            continue;
        expected.push_back(symbol);
    }
    ASSERT_GT(expected.size(), 11u);
    std::vector<uint64_t> addresses;
    for (const Symbol &symbol : expected)
        addresses.push_back(symbol.address);
    names.resolve_all(addresses);
    for (const Symbol &symbol : expected)
        EXPECT_EQ(names.resolve(symbol.address), symbol) << symbol.name;
}

INSTANTIATE_TEST_SUITE_P(Ways, KallsymsTest, testing::Bool(),
                         [](const auto &way) { return way.param ? "WithTable" : "Streaming"; });

}  // namespace
}  // namespace whydrop
