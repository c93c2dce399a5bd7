// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind_scenarios.h"

#include <iterator>
#include <utility>

namespace whydrop::test {

using kdump::OrcBase;
using kdump::OrcEntry;
using kdump::OrcLayout;
using kdump::OrcType;
using kdump::Register;

OrcEntry by(OrcBase sp, int16_t sp_offset, OrcBase bp, int16_t bp_offset) {
    return {OrcType::call, sp, bp, sp_offset, bp_offset, false};
}
OrcEntry by_sp(int16_t offset) {
    return by(OrcBase::sp, offset);
}
OrcEntry by_bp() {
    return by(OrcBase::bp, 16, OrcBase::previous_sp, -16);
}
OrcEntry registers_at_sp() {
    return {OrcType::registers, OrcBase::sp, OrcBase::undefined, 0, 0, true};
}
OrcEntry iret_frame_at_sp() {
    return {OrcType::iret_registers, OrcBase::sp, OrcBase::undefined, 0, 0, true};
}
OrcEntry end_of_stack() {
    return {OrcType::end_of_stack, OrcBase::undefined, OrcBase::undefined, 0, 0, false};
}
OrcEntry unknown() {
    return {};
}

namespace {

// f0 has `entry`; it was called by f1, which was called by f7, and that is the stack's end.
struct ThreeFunctions {
    World world;
    uint64_t in_f1, in_f7;

    ThreeFunctions(OrcLayout layout, const OrcEntry &entry, const OrcEntry &of_f1 = by_sp(24))
        : world(layout) {
        world.row(f(0), entry);
        world.row(f(1), of_f1);
        world.row(f(2), unknown());
        world.row(f(7), end_of_stack());
        in_f1 = world.call(f(1, 4), f(0));
        in_f7 = world.call(f(7, 4), f(1));
        world.start_at(f(0, 6), s(0));
    }
};

Scenario plain_calls(OrcLayout layout) {
    ThreeFunctions three(layout, by_sp(16));
    three.world.put(s(0), {0, three.in_f1, 0, 0, three.in_f7});
    return {"calls", "frames of two and three words, one above the other", three.world,
            "top f0+0x6 s+0x0; call f1+0x9 s+0x10; call f7+0x9 s+0x28; end of stack"};
}

Scenario frame_pointers(OrcLayout layout) {
    ThreeFunctions three(layout, by_bp(), by_bp());
    three.world.put(s(16), {s(64), three.in_f1});
    three.world.put(s(64), {0x77, three.in_f7});
    three.world.start_at(f(0, 6), s(0), s(16));
    return {"frame-pointers", "each frame says where the frame pointer of its caller is",
            three.world, "top f0+0x6 s+0x0; call f1+0x9 s+0x20; call f7+0x9 s+0x50; end of stack"};
}

Scenario frame_pointer_kept(OrcLayout layout) {
    ThreeFunctions three(layout, by_sp(8), by_bp());
    three.world.put(s(0), {three.in_f1});
    three.world.put(s(64), {0x77, three.in_f7});
    three.world.start_at(f(0, 6), s(0), s(64));
    return {"frame-pointer-kept", "a function without a frame pointer leaves its caller's alone",
            three.world, "top f0+0x6 s+0x0; call f1+0x9 s+0x8; call f7+0x9 s+0x50; end of stack"};
}

Scenario frame_pointer_by_itself(OrcLayout layout) {
    ThreeFunctions three(layout, by(OrcBase::sp, 8, OrcBase::bp, -8), by_bp());
    three.world.put(s(0), {three.in_f1});
    three.world.put(s(32), {s(64)});
    three.world.put(s(64), {0x77, three.in_f7});
    three.world.start_at(f(0, 6), s(0), s(40));
    return {"frame-pointer-by-itself", "the caller's frame pointer is found by the function's own",
            three.world, "top f0+0x6 s+0x0; call f1+0x9 s+0x8; call f7+0x9 s+0x50; end of stack"};
}

Scenario indirect_frame_pointer(OrcLayout layout) {
    ThreeFunctions three(layout, by(OrcBase::bp_indirect, -8));
    three.world.put(s(32), {s(56)});
    three.world.put(s(48), {three.in_f1, 0, 0, three.in_f7});
    three.world.start_at(f(0, 6), s(0), s(40));
    return {"indirect-frame-pointer",
            "a realigned stack: below the frame pointer lies where it was", three.world,
            "top f0+0x6 s+0x0; call f1+0x9 s+0x38; call f7+0x9 s+0x50; end of stack"};
}

Scenario other_stack(OrcLayout layout) {
    ThreeFunctions three(layout, by(OrcBase::sp_indirect, 16));
    three.world.put(irq(24), {s(0)});
    three.world.put(s(8), {three.in_f1, 0, 0, three.in_f7});
    three.world.start_at(f(0, 6), irq(24));
    return {"other-stack", "a function called on the stack of interrupts: on top lies the task's",
            three.world, "top f0+0x6 i+0x18; call f1+0x9 s+0x10; call f7+0x9 s+0x28; end of stack"};
}

std::vector<Scenario> realigned(OrcLayout layout) {
    const std::pair<OrcBase, Register> bases[] = {{OrcBase::ax, Register::ax},
                                                  {OrcBase::dx, Register::dx},
                                                  {OrcBase::di, Register::di},
                                                  {OrcBase::r10, Register::r10},
                                                  {OrcBase::r13, Register::r13}};
    std::vector<Scenario> all;
    for (const auto &[base, which] : bases) {
        ThreeFunctions three(layout, by(base, 1000));
        three.world.put(s(24), {three.in_f1, 0, 0, three.in_f7});
        three.world.start.set(which, s(32));
        const std::string name(kdump::register_name(which));
        all.push_back({"realigned-" + name, name + " holds the caller's stack pointer, as it is",
                       three.world,
                       "top f0+0x6 s+0x0; call f1+0x9 s+0x20; call f7+0x9 s+0x38; end of stack"});
    }
    return all;
}

Scenario last_instruction(OrcLayout layout) {
    World world(layout);
    world.row(f(0), by_sp(8));
    world.row(f(1), by_sp(24));
    world.row(f(2), by_sp(8));
    world.row(f(7), end_of_stack());
    const uint64_t in_f7 = world.call(f(7, 4), f(1));
    world.put(s(0), {world.call(f(1, 27), f(0)), 0, 0, in_f7});
    world.start_at(f(0, 6), s(0));
    return {"last-instruction", "a call that never returns is the last instruction of its function",
            world, "top f0+0x6 s+0x0; call f2+0x0 s+0x8; call f7+0x9 s+0x20; end of stack"};
}

Scenario module(OrcLayout layout) {
    ThreeFunctions three(layout, by_sp(8));
    World &world = three.world;
    world.row(g(0), by_sp(24));
    world.row(g(1), by_sp(8));
    world.other_has_table = true;
    world.put(s(0), {world.call(g(0, 7), f(0)), 0, 0, world.call(g(1, 27), g(0)),
                     world.call(f(1, 12), g(1)), 0, 0, three.in_f7});
    return {"module", "through a module's functions, which have a table of their own", world,
            "top f0+0x6 s+0x0; call g0+0xc s+0x8; call g2+0x0 s+0x20; call f1+0x11 s+0x28; "
            "call f7+0x9 s+0x40; end of stack"};
}

Scenario sleeping(OrcLayout layout) {
    ThreeFunctions three(layout, by_sp(24), by_bp());
    const uint64_t after_switch = three.world.call(f(0, 8), f(3));
    three.world.put(s(0), {15, 14, 13, 12, 11, s(96), after_switch});
    three.world.put(s(72), {three.in_f1});
    three.world.put(s(96), {0, three.in_f7});
    three.world.sleeping = true;
    return {"sleeping", "a task that sleeps: its registers lie on its stack", three.world,
            "call f0+0xd s+0x38; call f1+0x9 s+0x50; call f7+0x9 s+0x70; end of stack"};
}

Scenario sleeping_with_r13(OrcLayout layout) {
    ThreeFunctions three(layout, by(OrcBase::r13, 0), by_sp(8));
    const uint64_t after_switch = three.world.call(f(0, 8), f(3));
    three.world.put(s(0), {15, 14, s(80), 12, 11, 0, after_switch});
    three.world.put(s(72), {three.in_f1, three.in_f7});
    three.world.sleeping = true;
    return {"sleeping-r13", "what a sleeping task's function had in r13 is known", three.world,
            "call f0+0xd s+0x38; call f1+0x9 s+0x50; call f7+0x9 s+0x58; end of stack"};
}

Scenario new_task(OrcLayout layout) {
    World world(layout);
    world.row(f(6), by_sp(8));
    world.row(f(7), end_of_stack());
    world.put(s(0), {0, 0, 0, 0, 0, 0, f(7)});
    world.start_at(0, s(0));
    world.sleeping = true;
    return {"new-task", "a task that has never run begins with a function, not behind a call",
            world, "call exact f7+0x0 s+0x38; end of stack"};
}

void append(std::vector<Scenario> &to, std::vector<Scenario> from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::vector<Scenario> call_scenarios(OrcLayout layout) {
    std::vector<Scenario> all = {plain_calls(layout),
                                 frame_pointers(layout),
                                 frame_pointer_kept(layout),
                                 frame_pointer_by_itself(layout),
                                 indirect_frame_pointer(layout),
                                 other_stack(layout),
                                 last_instruction(layout),
                                 module(layout),
                                 sleeping(layout),
                                 sleeping_with_r13(layout),
                                 new_task(layout)};
    append(all, realigned(layout));
    return all;
}

std::vector<Scenario> unwind_scenarios(OrcLayout layout) {
    std::vector<Scenario> all = call_scenarios(layout);
    append(all, exception_scenarios(layout));
    append(all, ending_scenarios(layout));
    append(all, guess_scenarios(layout));
    return all;
}

// One layout knows every scenario; of the others one stack is enough to begin with.
std::vector<Scenario> unwind_seeds() {
    std::vector<Scenario> all = unwind_scenarios(OrcLayout::v2);
    const std::pair<OrcLayout, const char *> others[] = {
        {OrcLayout::v1, "-v1"}, {OrcLayout::v1_signal, "-v1-signal"}, {OrcLayout::v3, "-v3"}};
    for (const auto &[layout, suffix] : others) {
        all.push_back(exception_scenarios(layout).front());
        all.back().name += suffix;
    }
    return all;
}

}  // namespace whydrop::test
