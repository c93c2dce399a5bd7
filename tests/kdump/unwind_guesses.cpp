// SPDX-License-Identifier: GPL-2.0-or-later
// Scenarios with code that no table knows.
#include "unwind_scenarios.h"

namespace whydrop::test {

using kdump::OrcLayout;

namespace {

// f0 is in the tables, but undefined, as functions that objtool is told to leave alone. f1 has a
// frame of two words, f2 and f3 of one; f7 is the end.
struct Unknown {
    World world;
    uint64_t in_f1, in_f7;

    explicit Unknown(OrcLayout layout) : world(layout) {
        world.row(f(0), unknown());
        world.row(f(1), by_sp(16));
        world.row(f(2), by_sp(8));
        world.row(f(4), unknown());
        world.row(f(5), by_sp(8));
        world.row(f(7), end_of_stack());
        in_f1 = world.call(f(1, 4), f(0));
        in_f7 = world.call(f(7, 4), f(1));
        world.start_at(f(0, 6), s(0));
    }
};

Scenario leftovers(OrcLayout layout) {
    Unknown code(layout);
    const uint64_t dead_end = code.world.call(f(3, 4), f(2));
    code.world.put(s(0), {s(8), f(3, 17), dead_end, 0, code.in_f1, 0, code.in_f7});
    return {"leftovers", "pointers, text without a call before it, and calls that lead nowhere",
            code.world,
            "top f0+0x6 s+0x0; guessed f1+0x9 s+0x28; call f7+0x9 s+0x38; end of stack"};
}

Scenario leftover_frames(OrcLayout layout) {
    Unknown code(layout);
    const uint64_t in_f2 = code.world.call(f(2, 4), f(5)), in_f3 = code.world.call(f(3, 4), f(2));
    code.world.put(s(0), {in_f2, in_f3, in_f3, code.in_f1, 0, code.in_f7});
    return {"leftover-frames",
            "the call of this very function is better than leftovers that lead on", code.world,
            "top f0+0x6 s+0x0; guessed f1+0x9 s+0x20; call f7+0x9 s+0x30; end of stack"};
}

Scenario called_by_register(OrcLayout layout) {
    Unknown code(layout);
    const uint64_t in_f1 = code.world.call_register(f(1, 16));
    code.world.put(s(0), {0, in_f1, 0, code.in_f7});
    return {"called-by-register", "no call names the function: the nearest that leads on",
            code.world,
            "top f0+0x6 s+0x0; guessed f1+0x12 s+0x10; call f7+0x9 s+0x20; end of stack"};
}

Scenario own_frame_pointer(OrcLayout layout) {
    Unknown code(layout);
    World &world = code.world;
    world.row(g(0), by_bp());
    world.other_has_table = true;
    world.put(s(16), {s(88), code.in_f1, 0, world.call(f(2, 4), f(1)), world.call(f(5, 4), f(2)),
                      world.call(g(0, 4), f(5))});
    world.put(s(88), {0, code.in_f7});
    world.start_at(f(0, 6), s(0), s(16));
    return {"own-frame-pointer", "what lies below the return address is the caller's frame pointer",
            world,
            "top f0+0x6 s+0x0; guessed f1+0x9 s+0x20; call f2+0x9 s+0x30; call f5+0x9 s+0x38; "
            "call g0+0x9 s+0x40; call f7+0x9 s+0x68; end of stack"};
}

Scenario saved_frame_pointer(OrcLayout layout) {
    Unknown code(layout);
    code.world.row(g(0), by_bp());
    code.world.other_has_table = true;
    code.world.put(s(8), {s(64), 14, 15, code.world.call(g(0, 4), f(0))});
    code.world.put(s(64), {0, code.in_f7});
    code.world.start_at(f(0, 6), s(0), 0x77);
    return {"saved-frame-pointer", "the function has saved its caller's frame pointer among others",
            code.world,
            "top f0+0x6 s+0x0; guessed g0+0x9 s+0x28; call f7+0x9 s+0x50; end of stack"};
}

Scenario frame_pointer_left_alone(OrcLayout layout) {
    Unknown code(layout);
    code.world.row(g(0), by_bp());
    code.world.other_has_table = true;
    code.world.put(s(8), {code.world.call(g(0, 4), f(0))});
    code.world.put(s(64), {0, code.in_f7});
    code.world.start_at(f(0, 6), s(0), s(64));
    return {"frame-pointer-left-alone", "the frame pointer is still that of the caller", code.world,
            "top f0+0x6 s+0x0; guessed g0+0x9 s+0x10; call f7+0x9 s+0x50; end of stack"};
}

Scenario pointer_below(OrcLayout layout) {
    Unknown code(layout);
    code.world.row(g(0), by_bp());
    code.world.other_has_table = true;
    code.world.put(s(0), {0, code.in_f7, 0, s(0), code.world.call(g(0, 4), f(0))});
    code.world.start_at(f(0, 6), s(16), 0x77);
    return {"pointer-below", "what points downwards is not the caller's frame pointer", code.world,
            "top f0+0x6 s+0x10; guessed g0+0x9 s+0x28; cannot be read: 0x7f is missing"};
}

Scenario called_by_the_first(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {0, code.world.call_register(f(7, 16)), 0});
    return {"called-by-the-first", "the function where the stack ends has no callers to be found",
            code.world, "top f0+0x6 s+0x0; guessed f7+0x12 s+0x10; end of stack"};
}

Scenario nothing_leads_on(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {code.world.call(f(2, 4), f(5)), 0});
    return {"nothing-leads-on", "no word of the stack is a return address that leads on",
            code.world,
            "top f0+0x6 s+0x0; no ORC entry covers f0+0x6, and nothing on the stack leads on"};
}

Scenario before_table(OrcLayout layout) {
    World world(layout);
    world.row(f(1), by_sp(8));
    world.start_at(f(0, 31), s(0));
    return {"before-table", "code before the first entry of its table", world,
            "top f0+0x1f s+0x0; no ORC entry covers f0+0x1f, and nothing on the stack leads on"};
}

Scenario behind_table(OrcLayout layout) {
    Unknown code(layout);
    code.world.start_at(text_begin + text_bytes, s(0));
    return {"behind-table", "code behind the last that has a table", code.world,
            "top 0xffffffff81000100 s+0x0; no ORC entry covers 0xffffffff81000100, and nothing on "
            "the stack leads on"};
}

Scenario generated(OrcLayout layout) {
    Unknown code(layout);
    const uint64_t in_f1 = code.world.call_register(f(1, 16));
    code.world.put(s(0), {code.world.call(f(2, 4), f(5)), code.in_f7});  // leftovers that lead on
    code.world.put(s(32), {0x77, in_f1, 0, code.in_f7});
    code.world.start_at(g(0, 9), s(0), s(32));
    code.world.other_is_text = true;
    return {"generated",
            "generated code has a frame pointer, which is better than what lies nearer", code.world,
            "top g0+0x9 s+0x0; guessed f1+0x12 s+0x30; call f7+0x9 s+0x40; end of stack"};
}

Scenario generated_twice(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(16), {s(48), code.world.call_register(g(0, 16))});
    code.world.put(s(32), {code.world.call(f(2, 4), f(5)), code.in_f7});  // leftovers that lead on
    code.world.put(s(48), {0x77, code.world.call_register(f(1, 16)), 0, code.in_f7});
    code.world.start_at(g(1, 9), s(0), s(16));
    code.world.other_is_text = true;
    return {"generated-twice", "generated code that has called generated code", code.world,
            "top g1+0x9 s+0x0; guessed g0+0x12 s+0x20; guessed f1+0x12 s+0x40; "
            "call f7+0x9 s+0x50; end of stack"};
}

Scenario generated_below(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {0, code.in_f1, 0, code.in_f7});
    code.world.put(s(64), {0, code.world.call(f(1, 16), g(0)), 0, code.in_f7});
    code.world.start_at(g(0, 9), s(64), s(0));
    code.world.other_is_text = true;
    return {"generated-below", "what points below the stack pointer is no frame pointer",
            code.world,
            "top g0+0x9 s+0x40; guessed f1+0x15 s+0x50; call f7+0x9 s+0x60; end of stack"};
}

Scenario generated_in_between(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {code.world.call(g(1, 4), f(2)), 0, 0x77, code.world.call(f(1, 16), g(1)),
                          0, code.in_f7});
    code.world.start_at(f(2, 9), s(0), s(16));
    return {"generated-in-between",
            "generated code that nobody knows is a frame where it has called", code.world,
            "top f2+0x9 s+0x0; call g1+0x9 s+0x8; guessed f1+0x15 s+0x20; call f7+0x9 s+0x30; "
            "end of stack"};
}

Scenario generated_without(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {0, code.world.call(f(1, 16), g(0)), 0, code.in_f7});
    code.world.start_at(g(0, 9), s(0), 0x1234);
    code.world.other_is_text = true;
    return {"generated-without",
            "generated code without a frame pointer: by what lies on the stack", code.world,
            "top g0+0x9 s+0x0; guessed f1+0x15 s+0x10; call f7+0x9 s+0x20; end of stack"};
}

Scenario null_call(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {code.world.call_register(f(1, 16)), 0, code.in_f7});
    code.world.start_at(0, s(0));
    return {"null-call", "a null pointer was called: its caller is certain", code.world,
            "top 0x0 s+0x0; call f1+0x12 s+0x8; call f7+0x9 s+0x18; end of stack"};
}

Scenario wild_call(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {code.world.call_register(f(1, 16)), 0, code.in_f7});
    code.world.start_at(0x4141414141414141, s(0));
    return {"wild-call", "what is no code was called: its caller is likely", code.world,
            "top 0x4141414141414141 s+0x0; guessed f1+0x12 s+0x8; call f7+0x9 s+0x18; "
            "end of stack"};
}

Scenario wild_return(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {0x4141414141414141, 0, code.in_f1, 0, code.in_f7});
    code.world.start_at(f(2, 6), s(0));
    return {"wild-return", "a return address was overwritten: the next that leads on", code.world,
            "top f2+0x6 s+0x0; guessed f1+0x9 s+0x18; call f7+0x9 s+0x28; end of stack"};
}

Scenario wild_return_nearby(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {0xffffffffc0200000, 0, code.in_f1, 0, code.in_f7});
    code.world.start_at(f(2, 6), s(0));
    return {"wild-return-nearby",
            "among addresses of the kernel, too, only code can be returned to", code.world,
            "top f2+0x6 s+0x0; guessed f1+0x9 s+0x18; call f7+0x9 s+0x28; end of stack"};
}

Scenario wild_end(OrcLayout layout) {
    Unknown code(layout);
    code.world.put(s(0), {0x4141414141414141});
    code.world.start_at(f(2, 6), s(0));
    return {
        "wild-end", "a return address was overwritten, and nothing else is there", code.world,
        "top f2+0x6 s+0x0; no text at the return address 0x4141414141414141, and nothing on the "
        "stack leads on"};
}

Scenario guess_after_guess(OrcLayout layout) {
    Unknown code(layout);
    const uint64_t again = code.world.call(f(0, 4), f(0));
    std::string expected = "top f0+0x6 s+0x0; ";
    for (uint64_t i = 1; i <= 19; i++) {
        code.world.put(s(8 * (i - 1)), {again});
        if (i <= 17)
            expected += "guessed f0+0x9 " + place(s(8 * i)) + "; ";
    }
    return {"guess-after-guess", "more gaps than any real stack has", code.world,
            expected + "no ORC entry covers f0+0x8, and it is not the first such place"};
}

}  // namespace

std::vector<Scenario> guess_scenarios(OrcLayout layout) {
    return {
        leftovers(layout),         leftover_frames(layout),     called_by_register(layout),
        own_frame_pointer(layout), saved_frame_pointer(layout), frame_pointer_left_alone(layout),
        pointer_below(layout),     called_by_the_first(layout), nothing_leads_on(layout),
        before_table(layout),      behind_table(layout),        generated(layout),
        generated_twice(layout),   generated_below(layout),     generated_in_between(layout),
        generated_without(layout), null_call(layout),           wild_call(layout),
        wild_return(layout),       wild_return_nearby(layout),  wild_end(layout),
        guess_after_guess(layout)};
}

}  // namespace whydrop::test
