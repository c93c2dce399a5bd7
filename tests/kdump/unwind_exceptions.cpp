// SPDX-License-Identifier: GPL-2.0-or-later
// Scenarios with registers on the stack, and those that end before the stack does.
#include "unwind_scenarios.h"

namespace whydrop::test {

using kdump::Backtrace;
using kdump::OrcBase;
using kdump::OrcEntry;
using kdump::OrcLayout;
using kdump::OrcType;
using kdump::Register;

namespace {

// f0 is entry code, with what was saved on top of the stack. f1, f2 and f3 have frames of a word,
// three words and by frame pointer; f7 is the end.
World entry_code(OrcLayout layout, const OrcEntry &entry) {
    World world(layout);
    world.row(f(0), entry);
    world.row(f(1), by_sp(8));
    world.row(f(2), by_sp(24));
    world.row(f(3), by_bp());
    world.row(f(4), registers_at_sp());
    world.row(f(5), by(OrcBase::r10, 0));
    world.row(f(6), unknown());
    world.row(f(7), end_of_stack());
    world.start_at(f(0, 6), s(0));
    return world;
}

Scenario interrupt(OrcLayout layout) {
    World world = entry_code(layout, registers_at_sp());
    world.put_registers(s(0), f(3, 9), s(176), s(200));
    world.put(s(200), {0, world.call(f(7, 4), f(3))});
    return {"interrupt", "an interrupted function goes on with all the registers that it had",
            world, "top f0+0x6 s+0x0; exception f3+0x9 s+0xb0; call f7+0x9 s+0xd8; end of stack"};
}

Scenario first_instruction(OrcLayout layout) {
    World world = entry_code(layout, registers_at_sp());
    world.put_registers(s(0), f(2), s(176));
    world.put(s(176), {0, 0, world.call(f(7, 4), f(1))});
    return {"first-instruction", "interrupted at a function's first instruction, not behind a call",
            world, "top f0+0x6 s+0x0; exception f2+0x0 s+0xb0; call f7+0x9 s+0xc8; end of stack"};
}

Scenario from_other_stack(OrcLayout layout) {
    World world = entry_code(layout, iret_frame_at_sp());
    world.put_iret_frame(irq(80), f(1, 5), s(8));
    world.put(s(8), {world.call(f(7, 4), f(1))});
    world.start_at(f(0, 6), irq(80));
    return {"from-other-stack", "an exception with a stack of its own, above or below the task's",
            world, "top f0+0x6 i+0x50; exception f1+0x5 s+0x8; call f7+0x9 s+0x10; end of stack"};
}

Scenario to_lower_stack(OrcLayout layout) {
    World world = entry_code(layout, iret_frame_at_sp());
    world.put_iret_frame(s(0), f(1, 5), irq(8));
    world.put(irq(8), {world.call(f(7, 4), f(1))});
    return {"to-lower-stack", "the interrupted stack may lie at lower addresses", world,
            "top f0+0x6 s+0x0; exception f1+0x5 i+0x8; call f7+0x9 i+0x10; end of stack"};
}

Scenario nested(OrcLayout layout) {
    World world = entry_code(layout, iret_frame_at_sp());
    world.put_iret_frame(s(0), f(4, 5), s(48));
    world.put_registers(s(48), f(1, 5), s(224));
    world.put(s(224), {world.call(f(7, 4), f(1))});
    return {"nested", "an exception interrupted the entry code of another", world,
            "top f0+0x6 s+0x0; exception f4+0x5 s+0x30; exception f1+0x5 s+0xe0; "
            "call f7+0x9 s+0xe8; end of stack"};
}

Scenario registers_kept(OrcLayout layout) {
    World world = entry_code(layout, iret_frame_at_sp());
    world.put_iret_frame(s(0), f(5, 5), s(48));
    world.put(s(56), {world.call(f(7, 4), f(1))});
    world.start.set(Register::r10, s(64));
    world.start.set(Register::orig_ax, 59);
    return {"registers-kept", "before entry code saves registers they are what they were", world,
            "top f0+0x6 s+0x0; exception f5+0x5 s+0x30; call f7+0x9 s+0x40; end of stack"};
}

Scenario breakpoint(OrcLayout layout) {
    OrcEntry entry = registers_at_sp();
    entry.signal = false;
    World world = entry_code(layout, entry);
    world.put_registers(s(0), f(3), s(176));
    world.put(s(192), {world.call(f(7, 4), f(1))});
    return {"breakpoint", "a breakpoint's address is behind it", world,
            "top f0+0x6 s+0x0; exception behind f3+0x0 s+0xb0; call f7+0x9 s+0xc8; end of stack"};
}

Scenario exact_call(OrcLayout layout) {
    OrcEntry entry = by_sp(8);
    entry.signal = true;
    World world = entry_code(layout, entry);
    world.put(s(0), {f(2), 0, 0, world.call(f(7, 4), f(1))});
    return {"exact-call", "a table may say that a caller's address is to be taken as it is", world,
            "top f0+0x6 s+0x0; call exact f2+0x0 s+0x8; call f7+0x9 s+0x20; end of stack"};
}

Scenario system_call(OrcLayout layout) {
    World world = entry_code(layout, by_sp(8));
    world.put(s(0), {world.call(f(4, 4), f(0))});
    world.put_registers(s(8), 0x401000, 0x7ffd00001000, 0, true);
    return {"system-call", "below a system call is user mode, which is no frame", world,
            "top f0+0x6 s+0x0; call f4+0x9 s+0x8; user mode"};
}

Scenario iret_to_user(OrcLayout layout) {
    World world = entry_code(layout, iret_frame_at_sp());
    world.put_iret_frame(s(0), 0x401000, 0x7ffd00001000, true);
    return {"iret-to-user", "an exception's first instruction, coming from user mode", world,
            "top f0+0x6 s+0x0; user mode"};
}

Scenario in_user_mode(OrcLayout layout) {
    World world = entry_code(layout, by_sp(8));
    world.start_at(0x401000, 0x7ffd00001000);
    world.start.set(Register::cs, 0x33);
    return {"in-user-mode", "a CPU that was in user mode has no frames", world, "user mode"};
}

Scenario unknown_register(OrcLayout layout) {
    World world = entry_code(layout, by_sp(8));
    world.put(s(0), {world.call(f(5, 4), f(0))});
    world.start.set(Register::r10, s(64));
    return {"unknown-register", "a callee may have changed r10: what it held is not guessed", world,
            "top f0+0x6 s+0x0; call f5+0x9 s+0x8; register r10 is not known"};
}

Scenario lost_frame_pointer(OrcLayout layout) {
    World world = entry_code(layout, by(OrcBase::sp, 8, OrcBase::previous_sp, 4096));
    world.put(s(0), {world.call(f(3, 4), f(0))});
    return {"lost-frame-pointer", "a frame pointer that cannot be read is missed when it is needed",
            world, "top f0+0x6 s+0x0; call f3+0x9 s+0x8; register bp is not known"};
}

Scenario missing_page(OrcLayout layout) {
    World world = entry_code(layout, by_sp(16));
    world.put(s(8), {world.call(f(2, 4), f(0))});
    world.cut_stack(32);
    return {"missing-page", "the stack is in the dump only in part", world,
            "top f0+0x6 s+0x0; call f2+0x9 s+0x10; cannot be read: s+0x20 is missing"};
}

Scenario missing_sleeper(OrcLayout layout) {
    World world = entry_code(layout, by_sp(16));
    world.sleeping = true;
    world.cut_stack(40);
    return {"missing-sleeper", "a sleeping task's stack is not in the dump", world,
            "cannot be read: s+0x30 is missing"};
}

Scenario downwards(OrcLayout layout) {
    World world = entry_code(layout, by_sp(-16));
    world.put(s(8), {world.call(f(2, 4), f(0))});
    world.start_at(f(0, 6), s(32));
    return {"downwards", "a caller's frame is not below its callee's", world,
            "top f0+0x6 s+0x20; loop: the stack pointer goes from s+0x20 to s+0x10"};
}

Scenario downwards_on_known_stack(OrcLayout layout) {
    World world = entry_code(layout, by_bp());
    world.put(s(0), {0, world.call(f(2, 4), f(0))});
    world.start_at(f(0, 6), s(64), s(0));
    world.limits_known = true;
    return {"downwards-known", "within one stack not even a frame pointer may lead downwards",
            world, "top f0+0x6 s+0x40; loop: the stack pointer goes from s+0x40 to s+0x10"};
}

Scenario ring(OrcLayout layout) {
    World world = entry_code(layout, by_bp());
    world.put(s(0), {s(0), world.call(f(0, 8), f(0))});
    world.start_at(f(0, 6), s(0), s(0));
    std::string expected = "top f0+0x6 s+0x0; ";
    for (int i = 0; i < 12; i++)
        expected += "call f0+0xd s+0x10; ";
    return {"ring", "a frame pointer that points to itself", world,
            expected + "loop: the stack pointer goes from s+0x10 to s+0x10"};
}

Scenario one_entry(OrcLayout layout) {
    World world(layout);
    world.row(f(0), end_of_stack());
    world.start_at(f(5, 5), s(0));
    return {"one-entry", "a table of one entry covers all code behind it", world,
            "top f5+0x5 s+0x0; end of stack"};
}

Scenario no_base(OrcLayout layout) {
    World world = entry_code(layout, by(OrcBase::undefined, 8));
    return {"no-base", "a table that contradicts itself", world,
            "top f0+0x6 s+0x0; the ORC entry has no base for the stack pointer"};
}

}  // namespace

std::vector<Scenario> exception_scenarios(OrcLayout layout) {
    std::vector<Scenario> all = {interrupt(layout),        first_instruction(layout),
                                 from_other_stack(layout), to_lower_stack(layout),
                                 nested(layout),           registers_kept(layout),
                                 system_call(layout),      iret_to_user(layout),
                                 in_user_mode(layout)};
    if (layout != OrcLayout::v1) {  // whose tables cannot say it
        all.push_back(breakpoint(layout));
        all.push_back(exact_call(layout));
    }
    return all;
}

std::vector<Scenario> ending_scenarios(OrcLayout layout) {
    std::vector<Scenario> all = {unknown_register(layout),
                                 lost_frame_pointer(layout),
                                 missing_page(layout),
                                 missing_sleeper(layout),
                                 downwards(layout),
                                 downwards_on_known_stack(layout),
                                 ring(layout),
                                 one_entry(layout)};
    if (layout == OrcLayout::v2 || layout == OrcLayout::v3)  // others take it for undefined
        all.push_back(no_base(layout));
    return all;
}

}  // namespace whydrop::test
