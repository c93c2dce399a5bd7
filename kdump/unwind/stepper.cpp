// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/unwind/stepper.h"

#include <utility>

#include "kdump/memory.h"
#include "kdump/unwind/call_site.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t word = sizeof(uint64_t);

Step ended(std::string why, bool complete = false) {
    return {Step::Kind::ended, std::move(why), complete, false};
}

Step unreadable(const Error &error) {
    return ended("cannot be read: " + error.what);
}

// The base is a register as it was, or what memory has there.
struct Base {
    Register which;
    bool add_before, load, add_after;
};

std::optional<Base> base_of(OrcBase base) {
    switch (base) {
        case OrcBase::sp:
            return Base{Register::sp, true, false, false};
        case OrcBase::bp:
            return Base{Register::bp, true, false, false};
        case OrcBase::sp_indirect:
            return Base{Register::sp, false, true, true};
        case OrcBase::bp_indirect:
            return Base{Register::bp, true, true, false};
        case OrcBase::ax:
            return Base{Register::ax, false, false, false};
        case OrcBase::dx:
            return Base{Register::dx, false, false, false};
        case OrcBase::di:
            return Base{Register::di, false, false, false};
        case OrcBase::r10:
            return Base{Register::r10, false, false, false};
        case OrcBase::r13:
            return Base{Register::r13, false, false, false};
        case OrcBase::undefined:
        case OrcBase::previous_sp:
            break;
    }
    return {};
}

uint64_t offset(int16_t bytes) {
    return static_cast<uint64_t>(int64_t{bytes});
}

}  // namespace

Result<std::optional<OrcEntry>> Stepper::entry_at(uint64_t address) const {
    for (const OrcTable &table : tables_)
        if (table.covers(address))
            return find_orc(reader_, layout_, table, address);
    return std::optional<OrcEntry>{};
}

bool Stepper::in_gap(uint64_t address) const {
    const auto entry = entry_at(address);
    return entry && (!*entry || (*entry)->type == OrcType::undefined);
}

bool Stepper::is_text(uint64_t address) const {
    for (const OrcTable &table : tables_)
        if (table.covers(address))
            return true;
    return is_text_ && is_text_(address);
}

bool Stepper::may_return_to(uint64_t address) const {
    return is_text(address - 1) && call_before(reader_, address).possible();
}

// The stack pointer that the caller had before the call, or where the exception's registers lie.
Result<uint64_t> Stepper::previous_sp(const OrcEntry &entry, const Registers &from) const {
    const auto base = base_of(entry.sp);
    if (!base)
        return Error{Errc::failed, "the ORC entry has no base for the stack pointer", ""};
    const auto value = from.get(base->which);
    if (!value)
        return Error{Errc::failed,
                     "register " + std::string(register_name(base->which)) + " is not known", ""};
    uint64_t sp = *value + (base->add_before ? offset(entry.sp_offset) : 0);
    if (base->load) {
        const auto loaded = reader_.load<uint64_t>(sp);
        if (!loaded)
            return Error{Errc::failed, "cannot be read: " + loaded.error().what, ""};
        sp = *loaded;
    }
    return sp + (base->add_after ? offset(entry.sp_offset) : 0);
}

// Without a frame pointer most ways go on: it is forgotten, and missed when somebody asks for it.
void Stepper::restore_bp(const OrcEntry &entry, uint64_t previous, Registers &registers) const {
    const auto bp = registers.get(Register::bp);
    std::optional<uint64_t> saved_at;
    if (entry.bp == OrcBase::undefined)
        return;
    if (entry.bp == OrcBase::previous_sp)
        saved_at = previous + offset(entry.bp_offset);
    else if (entry.bp == OrcBase::bp && bp)
        saved_at = *bp + offset(entry.bp_offset);
    registers.forget(Register::bp);
    if (!saved_at)
        return;
    if (const auto saved = reader_.load<uint64_t>(*saved_at))
        registers.set(Register::bp, *saved);
}

Status Stepper::return_to_caller(uint64_t previous, bool signal, Position &at) const {
    const auto ip = reader_.load<uint64_t>(previous - word);
    if (!ip)
        return ip.error();
    Registers caller;
    caller.set(Register::ip, *ip);
    caller.set(Register::sp, previous);
    if (const auto bp = at.registers.get(Register::bp))
        caller.set(Register::bp, *bp);
    at = {caller, FrameKind::call, signal};
    return success();
}

Status Stepper::leave_exception(const OrcEntry &entry, uint64_t previous, Position &at) const {
    if (entry.type == OrcType::registers) {
        const auto saved = Registers::from_stack(reader_, previous);
        if (!saved)
            return saved.error();
        at.registers = *saved;
    } else {
        // The code between the CPU's push and the kernel's has not touched the others yet.
        at.registers.forget(Register::orig_ax);
        if (auto done = at.registers.read_iret_frame(reader_, previous); !done)
            return done.error();
    }
    at.kind = FrameKind::exception;
    at.exact = entry.signal;  // not for a breakpoint: its address is behind it
    return success();
}

Step Stepper::by_entry(const OrcEntry &entry, Position &at) const {
    const auto previous = previous_sp(entry, at.registers);
    if (!previous)
        return ended(previous.error().what);
    Position next = at;
    const bool called = entry.type == OrcType::call;
    const Status done = called ? return_to_caller(*previous, entry.signal, next)
                               : leave_exception(entry, *previous, next);
    if (!done)
        return unreadable(done.error());
    restore_bp(entry, *previous, next.registers);
    at = next;
    return {Step::Kind::moved, "", false, !called || entry.sp != OrcBase::sp};
}

// Something was called that is no code: nothing of a function has run yet, the return address is on
// top of the stack. The kernel, too, is certain of that for a null pointer.
Step Stepper::by_failed_call(Position &at) const {
    constexpr OrcEntry entry = {
        OrcType::call, OrcBase::sp, OrcBase::undefined, static_cast<int16_t>(word), 0, false};
    if (at.registers.ip() == 0)
        return by_entry(entry, at);
    const auto returns_to = reader_.load<uint64_t>(at.registers.sp());
    if (!returns_to || !may_return_to(*returns_to))
        return by_frame_pointer(at);
    Step step = by_entry(entry, at);
    at.kind = FrameKind::guessed;
    return step;
}

// Generated code (BPF) has no tables but keeps a frame pointer: it points to the caller's own, and
// the return address lies above. The kernel guesses so since ae6a45a08689 ("x86/unwind/orc: Fall
// back to using frame pointers for generated code").
Step Stepper::by_frame_pointer(Position &at) const {
    constexpr uint64_t largest = 16384;  // bytes of a frame: a stack has no more
    const auto bp = at.registers.get(Register::bp);
    if (!bp || *bp % word != 0 || *bp - at.registers.sp() > largest)
        return {Step::Kind::gap};
    const auto saved = reader_.load<uint64_t>(*bp);
    const auto ip = reader_.load<uint64_t>(*bp + word);
    if (!saved || !ip || !may_return_to(*ip))
        return {Step::Kind::gap};
    Registers caller;
    caller.set(Register::ip, *ip);
    caller.set(Register::sp, *bp + 2 * word);
    caller.set(Register::bp, *saved);
    at = {caller, FrameKind::guessed, false};
    return {Step::Kind::moved};
}

Step Stepper::step(Position &at) const {
    if (at.registers.user_mode())
        return ended("user mode", true);
    if (at.exact && !is_text(at.registers.ip()))
        return by_failed_call(at);
    const auto entry = entry_at(at.code());
    if (!entry)
        return ended("the ORC table cannot be read: " + entry.error().what);
    if (!*entry)
        return by_frame_pointer(at);
    switch ((*entry)->type) {
        case OrcType::undefined:
            return {Step::Kind::gap};
        case OrcType::end_of_stack:
            return ended("end of stack", true);
        case OrcType::call:
        case OrcType::registers:
        case OrcType::iret_registers:
            break;
    }
    return by_entry(**entry, at);
}

}  // namespace whydrop::kdump
