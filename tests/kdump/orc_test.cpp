// SPDX-License-Identifier: GPL-2.0-or-later
// What the unwinder is made of: entries, tables, registers, call instructions.
#include "kdump/unwind/orc.h"

#include <gtest/gtest.h>

#include <cstring>

#include "../unit/btf_builder.h"
#include "kdump/unwind/call_site.h"
#include "kdump/unwind/registers.h"
#include "unwind_world.h"

namespace whydrop::kdump {
namespace {

using test::BtfBuilder;
using test::FakeMemory;

constexpr OrcLayout all_layouts[] = {OrcLayout::v1, OrcLayout::v1_signal, OrcLayout::v2,
                                     OrcLayout::v3};

struct WordCase {
    const char *sentence;
    OrcLayout layout;
    uint16_t word;
    OrcType type;
    OrcBase sp, bp;
    bool signal;
};

// Words as they lie in tables of kernels of each kind.
const WordCase words[] = {
    {"5.10: a function's body", OrcLayout::v1, 0x0005, OrcType::call, OrcBase::sp,
     OrcBase::undefined, false},
    {"5.10: with a frame pointer", OrcLayout::v1, 0x0014, OrcType::call, OrcBase::bp,
     OrcBase::previous_sp, false},
    {"5.10: an interrupt's registers", OrcLayout::v1, 0x0105, OrcType::registers, OrcBase::sp,
     OrcBase::undefined, true},
    {"5.10: a fault before registers are saved", OrcLayout::v1, 0x0205, OrcType::iret_registers,
     OrcBase::sp, OrcBase::undefined, true},
    {"5.10: the end of a stack", OrcLayout::v1, 0x0400, OrcType::end_of_stack, OrcBase::undefined,
     OrcBase::undefined, false},
    {"5.10: code that nobody has looked at", OrcLayout::v1, 0x0000, OrcType::undefined,
     OrcBase::undefined, OrcBase::undefined, false},
    {"5.10: `end` counts only without a base", OrcLayout::v1, 0x0405, OrcType::call, OrcBase::sp,
     OrcBase::undefined, false},
    {"5.10: a type that there is not", OrcLayout::v1, 0x0305, OrcType::undefined, OrcBase::sp,
     OrcBase::undefined, false},
    {"6.3: an interrupt", OrcLayout::v1_signal, 0x0505, OrcType::registers, OrcBase::sp,
     OrcBase::undefined, true},
    {"6.3: a breakpoint", OrcLayout::v1_signal, 0x0105, OrcType::registers, OrcBase::sp,
     OrcBase::undefined, false},
    {"6.3: the end of a stack", OrcLayout::v1_signal, 0x0800, OrcType::end_of_stack,
     OrcBase::undefined, OrcBase::undefined, false},
    {"6.12: a function's body", OrcLayout::v2, 0x0205, OrcType::call, OrcBase::sp,
     OrcBase::undefined, false},
    {"6.12: with a frame pointer", OrcLayout::v2, 0x0214, OrcType::call, OrcBase::bp,
     OrcBase::previous_sp, false},
    {"6.12: an interrupt", OrcLayout::v2, 0x0b05, OrcType::registers, OrcBase::sp,
     OrcBase::undefined, true},
    {"6.12: a breakpoint", OrcLayout::v2, 0x0305, OrcType::registers, OrcBase::sp,
     OrcBase::undefined, false},
    {"6.12: a fault before registers are saved", OrcLayout::v2, 0x0c05, OrcType::iret_registers,
     OrcBase::sp, OrcBase::undefined, true},
    {"6.12: the end of a stack", OrcLayout::v2, 0x0100, OrcType::end_of_stack, OrcBase::undefined,
     OrcBase::undefined, false},
    {"6.12: code that nobody has looked at", OrcLayout::v2, 0x0000, OrcType::undefined,
     OrcBase::undefined, OrcBase::undefined, false},
    {"6.12: a type that there is not", OrcLayout::v2, 0x0705, OrcType::undefined, OrcBase::sp,
     OrcBase::undefined, false},
    {"6.12: realigned by rax, as stable kernels have it", OrcLayout::v2, 0x020a, OrcType::call,
     OrcBase::ax, OrcBase::undefined, false},
    {"7.2: a function's body", OrcLayout::v3, 0x0203, OrcType::call, OrcBase::sp,
     OrcBase::undefined, false},
    {"7.2: with a frame pointer", OrcLayout::v3, 0x0284, OrcType::call, OrcBase::bp,
     OrcBase::previous_sp, false},
    {"7.2: realigned by rax", OrcLayout::v3, 0x0201, OrcType::call, OrcBase::ax, OrcBase::undefined,
     false},
    {"7.2: the stack of interrupts", OrcLayout::v3, 0x0289, OrcType::call, OrcBase::sp_indirect,
     OrcBase::previous_sp, false},
    {"7.2: a base that there is not", OrcLayout::v3, 0x020f, OrcType::call, OrcBase::undefined,
     OrcBase::undefined, false},
};

TEST(Orc, WordsMeanWhatTheirKernelsMean) {
    for (const auto &c : words) {
        uint8_t bytes[orc_entry_bytes] = {0xf0, 0xff, 0x10, 0x00};
        std::memcpy(&bytes[4], &c.word, sizeof c.word);
        const OrcEntry entry = decode_orc(c.layout, bytes);
        EXPECT_EQ(entry.type, c.type) << c.sentence;
        EXPECT_EQ(entry.sp, c.sp) << c.sentence;
        EXPECT_EQ(entry.bp, c.bp) << c.sentence;
        EXPECT_EQ(entry.signal, c.signal) << c.sentence;
        EXPECT_EQ(entry.sp_offset, -16) << c.sentence;
        EXPECT_EQ(entry.bp_offset, 16) << c.sentence;
    }
}

TEST(Orc, EveryBaseIsReadBackInEveryLayout) {
    for (const OrcLayout layout : all_layouts)
        for (unsigned base = 1; base <= static_cast<unsigned>(OrcBase::r13); base++) {
            OrcEntry entry;
            entry.type = OrcType::call;
            entry.sp = static_cast<OrcBase>(base);
            const auto bytes = test::encode(layout, entry);
            const OrcEntry read = decode_orc(layout, std::span(bytes).first<orc_entry_bytes>());
            EXPECT_EQ(read.sp, entry.sp) << base;
            EXPECT_EQ(read.type, entry.type) << base;
        }
}

// A table that begins an entry at each of `begins`; entry i has the stack offset 8 * i.
struct Table {
    FakeMemory memory;
    OrcTable table;

    Table(OrcLayout layout, const std::vector<uint64_t> &begins) {
        std::vector<uint8_t> ips(begins.size() * sizeof(int32_t)), entries;
        for (size_t i = 0; i < begins.size(); i++) {
            const uint64_t at = i * sizeof(int32_t);
            const auto distance = static_cast<int32_t>(begins[i] - (test::ips_begin + at));
            std::memcpy(&ips[at], &distance, sizeof distance);
            OrcEntry entry;
            entry.type = OrcType::call;
            entry.sp = OrcBase::sp;
            entry.sp_offset = static_cast<int16_t>(8 * (i % 4001));
            const auto bytes = test::encode(layout, entry);
            entries.insert(entries.end(), bytes.begin(), bytes.end());
        }
        memory.pieces = {{test::ips_begin, ips}, {test::entries_begin, entries}};
        table = {0, ~uint64_t{0}, test::ips_begin, test::entries_begin, begins.size()};
    }

    // The index of the entry found, -1: there is none, -2: an error.
    [[nodiscard]] int find(uint64_t address) const {
        const auto entry = find_orc(memory, OrcLayout::v2, table, address);
        if (!entry)
            return -2;
        return *entry ? (*entry)->sp_offset / 8 : -1;
    }
};

TEST(Orc, TheLastEntryBeforeAnAddressIsFound) {
    constexpr uint64_t text = test::text_begin;
    const Table some(OrcLayout::v2, {text + 16, text + 32, text + 32, text + 48});
    const struct {
        uint64_t address;
        int index;
        const char *sentence;
    } cases[] = {
        {text, -1, "before the first"},
        {text + 15, -1, "just before the first"},
        {text + 16, 0, "the first byte of the first"},
        {text + 31, 0, "the last byte of the first"},
        {text + 32, 2, "of two that begin there the last"},
        {text + 48, 3, "the last entry"},
        {~uint64_t{0}, 3, "far behind"},
    };
    for (const auto &c : cases)
        EXPECT_EQ(some.find(c.address), c.index) << c.sentence;
    EXPECT_EQ(Table(OrcLayout::v2, {}).find(text), -1) << "an empty table";
    EXPECT_EQ(Table(OrcLayout::v2, {text}).find(text + 7), 0) << "a table of one";
}

TEST(Orc, ABigTableIsNotReadAsAWhole) {
    constexpr uint64_t count = 100003;
    std::vector<uint64_t> begins;
    for (uint64_t i = 0; i < count; i++)
        begins.push_back(test::text_begin + i * 16);
    const Table big(OrcLayout::v2, begins);
    for (const uint64_t wanted :
         {0ul, 1ul, 63ul, 64ul, 3989ul, 50001ul, 75002ul, 99991ul, count - 1}) {
        EXPECT_EQ(big.find(begins[wanted]), static_cast<int>(wanted % 4001));
        big.memory.reads = big.memory.bytes_read = 0;
        EXPECT_EQ(big.find(begins[wanted] + 15), static_cast<int>(wanted % 4001));
        EXPECT_LE(big.memory.reads, 13u);
        EXPECT_LE(big.memory.bytes_read, 331u);
    }
}

TEST(Orc, ATableThatIsNotThereIsAnError) {
    Table lost(OrcLayout::v2, {test::text_begin, test::text_begin + 16});
    lost.memory.pieces.pop_back();
    EXPECT_EQ(lost.find(test::text_begin), -2) << "no entries";
    lost.memory.pieces.clear();
    EXPECT_EQ(lost.find(test::text_begin), -2) << "no addresses";
}

// struct orc_entry with bit fields of these widths; 0: there is none.
std::vector<uint8_t> btf_of(uint32_t type, uint32_t signal, uint32_t end) {
    BtfBuilder builder;
    const uint32_t integer = builder.add(BtfKind::integer, "unsigned int", 0, 4, {32});
    const std::pair<const char *, uint32_t> fields[] = {
        {"sp_reg", 4}, {"bp_reg", 4}, {"type", type}, {"signal", signal}, {"end", end}};
    std::vector<uint32_t> tail;
    uint32_t at = 32, members = 0;
    for (const auto &[name, width] : fields) {
        if (width == 0)
            continue;
        tail.insert(tail.end(), {builder.name(name), integer, width << 24 | at});
        at += width;
        members++;
    }
    builder.add_raw(static_cast<uint32_t>(BtfKind::structure), builder.name("orc_entry"), members,
                    6, tail, true);
    return builder.bytes();
}

TEST(Orc, TheLayoutIsAskedOfBtfAndOfTheTable) {
    struct {
        const char *sentence;
        uint32_t type, signal, end;
        OrcLayout table;
        std::optional<OrcLayout> expected;
    } const cases[] = {
        {"5.10 and 6.1", 2, 0, 1, OrcLayout::v1, OrcLayout::v1},
        {"6.3", 2, 1, 1, OrcLayout::v1_signal, OrcLayout::v1_signal},
        {"6.4 to 7.0", 3, 1, 0, OrcLayout::v2, OrcLayout::v2},
        {"7.1 and later", 3, 1, 0, OrcLayout::v3, OrcLayout::v3},
        {"a width that no kernel has", 5, 1, 0, OrcLayout::v3, {}},
        {"without a type", 0, 1, 0, OrcLayout::v3, {}},
    };
    for (const auto &c : cases) {
        const auto bytes = btf_of(c.type, c.signal, c.end);
        const auto btf = Btf::parse(bytes);
        ASSERT_TRUE(btf) << c.sentence;
        const Table some(c.table, {test::text_begin, test::text_begin + 16});
        const auto layout = detect_orc_layout(*btf, some.memory, some.table);
        EXPECT_EQ(layout ? std::optional(*layout) : std::nullopt, c.expected) << c.sentence;
    }
}

TEST(Orc, ALayoutThatCannotBeToldIsAnError) {
    const auto bytes = btf_of(3, 1, 0);
    const auto btf = Btf::parse(bytes);
    Table some(OrcLayout::v2, {test::text_begin});
    some.memory.pieces[1].bytes.assign(orc_entry_bytes, 0);
    const auto silent = detect_orc_layout(*btf, some.memory, some.table);
    ASSERT_FALSE(silent) << "a table of undefined entries only";
    EXPECT_NE(silent.error().what.find("how it numbers registers"), std::string::npos);
    some.memory.pieces.clear();
    EXPECT_FALSE(detect_orc_layout(*btf, some.memory, some.table)) << "no table in memory";
    const auto other = BtfBuilder().bytes();
    const auto without = detect_orc_layout(*Btf::parse(other), some.memory, some.table);
    ASSERT_FALSE(without);
    EXPECT_NE(without.error().what.find("no struct orc_entry"), std::string::npos);
}

TEST(Registers, AreTakenOutOfANote) {
    std::vector<uint8_t> note(336);
    for (uint64_t i = 0; i < register_count; i++) {
        const uint64_t value = 0x1000001 * (i + 1);
        std::memcpy(&note[112 + 8 * i], &value, sizeof value);
    }
    const auto registers = Registers::from_prstatus(note);
    ASSERT_TRUE(registers);
    const std::pair<Register, uint64_t> expected[] = {
        {Register::r15, 0x1000001}, {Register::bp, 0x5000005},  {Register::ax, 0xb00000b},
        {Register::di, 0xf00000f},  {Register::ip, 0x11000011}, {Register::cs, 0x12},
        {Register::sp, 0x14000014}, {Register::ss, 0x15}};
    for (const auto &[which, value] : expected)
        EXPECT_EQ(registers->get(which), value) << register_name(which);
    note.resize(112 + pt_regs_bytes - 1);
    EXPECT_FALSE(Registers::from_prstatus(note)) << "cut by a byte";
}

TEST(Registers, HaveTheNamesOfTheKernelsReports) {
    EXPECT_EQ(register_name(Register::r15), "r15");
    EXPECT_EQ(register_name(Register::orig_ax), "orig_ax");
    EXPECT_EQ(register_name(Register::ss), "ss");
}

TEST(Registers, AreAbsentWhileNobodyHasSetThem) {
    Registers registers;
    EXPECT_FALSE(registers.get(Register::ax));
    EXPECT_FALSE(registers.user_mode());
    registers.set(Register::cs, 0x33);
    EXPECT_TRUE(registers.user_mode());
    registers.forget(Register::cs);
    EXPECT_FALSE(registers.user_mode());
}

struct CallCase {
    const char *sentence;
    std::vector<uint8_t> code;  // the last bytes before the address
    CallSite::Kind kind;
};

TEST(CallSite, CallsAreRecognisedByTheirLength) {
    using Kind = CallSite::Kind;
    const CallCase cases[] = {
        {"call of a distance", {0xe8, 0xf0, 0xff, 0xff, 0xff}, Kind::direct},
        {"call *%rax", {0xff, 0xd0}, Kind::indirect},
        {"call *%r11", {0x41, 0xff, 0xd3}, Kind::indirect},
        {"call *(%rax)", {0xff, 0x10}, Kind::indirect},
        {"call *(%rax,%rbx,8)", {0xff, 0x14, 0xd8}, Kind::indirect},
        {"call *8(%rax)", {0xff, 0x50, 0x08}, Kind::indirect},
        {"call *8(%rsp)", {0xff, 0x54, 0x24, 0x08}, Kind::indirect},
        {"call *0x100(%rax)", {0xff, 0x90, 0, 1, 0, 0}, Kind::indirect},
        {"call *0x100(%rip)", {0xff, 0x15, 0, 1, 0, 0}, Kind::indirect},
        {"call *0x100", {0xff, 0x14, 0x25, 0, 1, 0, 0}, Kind::indirect},
        {"call *0x100(%rsp)", {0xff, 0x94, 0x24, 0, 1, 0, 0}, Kind::indirect},
        {"jmp *%rax", {0xff, 0xe0}, Kind::none},
        {"inc %eax", {0xff, 0xc0}, Kind::none},
        {"push 8(%rbp)", {0xff, 0x75, 0x08}, Kind::none},
        {"call *%rax and a nop", {0xff, 0xd0, 0x90}, Kind::none},
        {"call *8(%rax) without its last byte", {0xff, 0x50}, Kind::none},
        {"a call one byte too early", {0xe8, 0, 0, 0, 0, 0x90}, Kind::none},
        {"nops", {0x90}, Kind::none},
    };
    for (const auto &c : cases) {
        FakeMemory memory;
        memory.pieces = {{0x1000, std::vector<uint8_t>(16 - c.code.size(), 0x90)}};
        auto &bytes = memory.pieces[0].bytes;
        bytes.insert(bytes.end(), c.code.begin(), c.code.end());
        const CallSite found = call_before(memory, 0x1010);
        EXPECT_EQ(found.kind, c.kind) << c.sentence;
        if (c.kind == Kind::direct) {
            EXPECT_EQ(found.target, 0x1000u) << c.sentence;
        }
        EXPECT_EQ(call_before(memory, 0x2000).kind, Kind::unknown) << "code that is not there";
    }
}

}  // namespace
}  // namespace whydrop::kdump
