// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "../unit/btf_builder.h"
#include "unwind_scenarios.h"

namespace whydrop::kdump {
namespace {

using test::f;
using test::s;
using test::World;

constexpr OrcLayout all_layouts[] = {OrcLayout::v1, OrcLayout::v1_signal, OrcLayout::v2,
                                     OrcLayout::v3};

void check(const std::vector<test::Scenario> &scenarios) {
    for (const auto &c : scenarios) {
        const Backtrace trace = c.world.unwind();
        EXPECT_EQ(test::text_of(trace), c.expected) << c.name << ": " << c.sentence;
        EXPECT_EQ(trace.complete, trace.ended == "user mode" || trace.ended == "end of stack")
            << c.name;
        EXPECT_EQ(trace.user.has_value(), trace.ended == "user mode") << c.name;
    }
}

class Unwind : public testing::TestWithParam<OrcLayout> {};

TEST_P(Unwind, CallsLeadToCallers) {
    check(test::call_scenarios(GetParam()));
}
TEST_P(Unwind, ExceptionsLeadToWhatTheyInterrupted) {
    check(test::exception_scenarios(GetParam()));
}
TEST_P(Unwind, EveryEndHasItsReason) {
    check(test::ending_scenarios(GetParam()));
}
TEST_P(Unwind, WhatNoTableKnowsIsGuessedAndSaysSo) {
    check(test::guess_scenarios(GetParam()));
}

std::string layout_name(const testing::TestParamInfo<OrcLayout> &one) {
    constexpr const char *names[] = {"v1", "v1_signal", "v2", "v3"};
    return names[static_cast<size_t>(one.param)];
}

INSTANTIATE_TEST_SUITE_P(Layouts, Unwind, testing::ValuesIn(all_layouts), layout_name);

const World &scenario(const std::vector<test::Scenario> &all, const std::string &name) {
    for (const auto &one : all)
        if (one.name == name)
            return one.world;
    std::abort();
}

TEST(UnwindRegisters, ExceptionsHaveThemAndCallsDoNot) {
    const auto all = test::exception_scenarios(OrcLayout::v2);
    const Backtrace trace = scenario(all, "interrupt").unwind();
    ASSERT_EQ(trace.frames.size(), 3u);
    ASSERT_TRUE(trace.frames[0].registers) << "the top has what it began with";
    EXPECT_EQ(trace.frames[0].registers->ip(), f(0, 6));
    ASSERT_TRUE(trace.frames[1].registers);
    EXPECT_EQ(trace.frames[1].registers->get(Register::bp), s(200));
    EXPECT_EQ(trace.frames[1].registers->get(Register::flags), 0x246u);
    EXPECT_FALSE(trace.frames[2].registers);
}

TEST(UnwindRegisters, OfAnIretFrameOnlyWhatIsKnown) {
    const auto all = test::exception_scenarios(OrcLayout::v2);
    const Backtrace trace = scenario(all, "registers-kept").unwind();
    ASSERT_GE(trace.frames.size(), 2u);
    const auto &registers = trace.frames[1].registers;
    ASSERT_TRUE(registers);
    EXPECT_EQ(registers->get(Register::r10), s(64));
    EXPECT_FALSE(registers->get(Register::r11));
    EXPECT_FALSE(registers->get(Register::orig_ax)) << "that of what came after it";
}

TEST(UnwindRegisters, ThoseOfUserModeAreKept) {
    const auto all = test::exception_scenarios(OrcLayout::v2);
    const Backtrace trace = scenario(all, "system-call").unwind();
    ASSERT_TRUE(trace.user);
    EXPECT_EQ(trace.user->ip(), 0x401000u);
    EXPECT_EQ(trace.user->sp(), 0x7ffd00001000u);
}

TEST(UnwindFrame, AReturnAddressIsLookedUpOneByteEarlier) {
    const auto all = test::call_scenarios(OrcLayout::v2);
    const Backtrace trace = scenario(all, "last-instruction").unwind();
    ASSERT_EQ(trace.frames.size(), 3u);
    EXPECT_EQ(trace.frames[0].code(), f(0, 6));
    EXPECT_EQ(trace.frames[1].code(), f(1, 31));
}

// A recursion over a stack of 4 KiB.
TEST(UnwindLimits, AnEndlessRecursionIsCut) {
    World world(OrcLayout::v2);
    world.row(f(0), test::by_sp(8));
    const uint64_t again = world.call(f(0, 4), f(0));
    test::FakeMemory memory = world.memory();
    memory.pieces.push_back({0xffffc90000100000, {}});
    auto &stack = memory.pieces.back().bytes;
    for (int i = 0; i < 512; i++)
        for (unsigned shift = 0; shift < 64; shift += 8)
            stack.push_back(static_cast<uint8_t>(again >> shift));
    const auto unwinder = Unwinder::open(
        memory, {{f(0), f(8), test::ips_begin, test::entries_begin, 1}}, OrcLayout::v2);
    ASSERT_TRUE(unwinder);
    world.start_at(f(0, 6), 0xffffc90000100000);
    const Backtrace trace = unwinder->unwind(world.start);
    EXPECT_EQ(trace.frames.size(), Backtrace::most_frames);
    EXPECT_EQ(trace.ended, "more than 256 frames");
    EXPECT_FALSE(trace.complete);
}

TEST(UnwindLimits, AGuessStaysOnTheStack) {
    const auto all = test::guess_scenarios(OrcLayout::v2);
    World world = scenario(all, "leftovers");
    const test::FakeMemory memory = world.memory();
    const auto unwinder = Unwinder::open(
        memory, {{f(0), f(8), test::ips_begin, test::entries_begin, 6}}, OrcLayout::v2);
    ASSERT_TRUE(unwinder);
    const auto inside = unwinder->unwind(world.start, StackLimits{s(0), s(40)});
    EXPECT_EQ(inside.frames.size(), 3u) << "the return address is the stack's last word";
    const auto outside = unwinder->unwind(world.start, StackLimits{s(0), s(32)});
    EXPECT_EQ(outside.frames.size(), 1u) << "the return address is behind the stack";
}

TEST(UnwindLimits, TablesThatCannotBeReadAreTheReason) {
    const auto all = test::call_scenarios(OrcLayout::v2);
    World world = scenario(all, "calls");
    test::FakeMemory memory = world.memory();
    memory.pieces.pop_back();
    const auto unwinder = Unwinder::open(
        memory, {{f(0), f(8), test::ips_begin, test::entries_begin, 3}}, OrcLayout::v2);
    ASSERT_TRUE(unwinder);
    EXPECT_EQ(unwinder->unwind(world.start).ended,
              "the ORC table cannot be read: 0xffffffff82100000 is missing");
}

TEST(UnwindOpen, WithoutTablesThereIsNoUnwinder) {
    const test::FakeMemory nothing;
    const auto none = Unwinder::open(nothing, {}, OrcLayout::v2);
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().what.find("no ORC tables"), std::string::npos);
    EXPECT_FALSE(Unwinder::open(nothing, {{f(0), f(8), 0, 0, 0}}, OrcLayout::v2)) << "all empty";
}

TEST(UnwindSleeping, TheFrameOfSleepersIsAskedOfBtf) {
    test::BtfBuilder builder;
    const uint32_t word = builder.add(BtfKind::integer, "unsigned long", 0, 8, {64});
    std::vector<uint32_t> tail;
    uint32_t at = 64;  // behind a member of newer kernels
    for (const char *name : {"r15", "r14", "r13", "r12", "bx", "bp", "ret_addr"}) {
        tail.insert(tail.end(), {builder.name(name), word, at});
        at += 64;
    }
    const auto structure = static_cast<uint32_t>(BtfKind::structure);
    builder.add_raw(structure, builder.name("inactive_task_frame"), 7, at / 8, tail);
    const auto bytes = builder.bytes();
    const auto frame = InactiveFrame::from_btf(*Btf::parse(bytes));
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->r15, 8u);
    EXPECT_EQ(frame->bp, 48u);
    EXPECT_EQ(frame->ret_addr, 56u);
    EXPECT_EQ(frame->size_bytes, 64u);
    const auto other = test::BtfBuilder().bytes();
    const auto missing = InactiveFrame::from_btf(*Btf::parse(other));
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().what.find("inactive_task_frame.r15"), std::string::npos);
}

TEST(UnwindSeeds, AreTheScenarios) {
    for (const auto &seed : test::unwind_seeds()) {
        std::ifstream file(WHYDROP_SOURCE "/tests/fuzz/corpus/unwind/" + seed.name,
                           std::ios::binary);
        const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
        EXPECT_EQ(bytes, seed.world.image()) << seed.name << ": write it anew with unwind_seeds";
        EXPECT_EQ(test::text_of(World::from_image(bytes).unwind()), seed.expected) << seed.name;
        EXPECT_LE(bytes.size(), 1024u) << seed.name << ": longer than what tests/fuzz/run tries";
    }
}

uint32_t seed_of_run() {
    const char *given = std::getenv("WHYDROP_SEED");
    const uint32_t seed = given != nullptr ? static_cast<uint32_t>(std::strtoul(given, nullptr, 0))
                                           : std::random_device()();
    std::printf("WHYDROP_SEED=%u\n", seed);
    return seed;
}

// It has an end, with a reason, and every frame is one that its kind allows.
void check_any(const Backtrace &trace) {
    ASSERT_FALSE(trace.ended.empty());
    ASSERT_LE(trace.frames.size(), Backtrace::most_frames);
    for (size_t i = 0; i < trace.frames.size(); i++) {
        const Frame &frame = trace.frames[i];
        ASSERT_EQ(frame.kind == FrameKind::top || frame.kind == FrameKind::exception,
                  frame.registers.has_value());
        ASSERT_TRUE(frame.kind != FrameKind::top || i == 0);
    }
}

TEST(UnwindAnything, BytesWithoutMeaning) {
    std::mt19937_64 random(seed_of_run());
    for (int round = 0; round < 20011; round++) {
        std::vector<uint8_t> bytes(random() % 1024);
        for (auto &byte : bytes)
            byte = static_cast<uint8_t>(random());
        check_any(World::from_image(bytes).unwind());
    }
}

// Scenarios with a few bytes and words changed get farther than mere noise.
TEST(UnwindAnything, ScenariosThatWereDamaged) {
    std::mt19937_64 random(seed_of_run());
    std::vector<std::vector<uint8_t>> images;
    for (const OrcLayout layout : all_layouts)
        for (const auto &one : test::unwind_scenarios(layout))
            images.push_back(one.world.image());
    const uint64_t words[] = {f(0), f(1, 9), f(7, 9), test::g(1, 9), s(0), s(64), test::irq(8), 0};
    for (int round = 0; round < 20011; round++) {
        auto bytes = images[random() % images.size()];
        for (uint64_t change = random() % 7; change > 0; change--) {
            const size_t at = random() % (bytes.size() - 8);
            const uint64_t word = words[random() % std::size(words)];
            if (random() % 2 == 0)
                bytes[at] = static_cast<uint8_t>(random());
            else
                std::copy_n(reinterpret_cast<const uint8_t *>(&word), sizeof word, &bytes[at]);
        }
        check_any(World::from_image(bytes).unwind());
    }
}

}  // namespace
}  // namespace whydrop::kdump
