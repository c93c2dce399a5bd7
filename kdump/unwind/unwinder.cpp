// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/unwind/unwinder.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "kdump/btf.h"
#include "kdump/hex.h"
#include "kdump/memory.h"
#include "kdump/unwind/call_site.h"
#include "kdump/unwind/guess.h"
#include "kdump/unwind/stepper.h"

namespace whydrop::kdump {

namespace {

// One backtrace while it grows.
class Walk {
  public:
    Walk(const Stepper &stepper, std::optional<StackLimits> stack)
        : stepper_(stepper), stack_(stack) {}

    Backtrace run(Position at) {
        while (trace_.ended.empty()) {
            if (trace_.frames.size() == Backtrace::most_frames)
                end("more than " + std::to_string(Backtrace::most_frames) + " frames");
            else if (at.registers.user_mode())
                end_in_user_mode(at);
            else
                advance(at);
        }
        return std::move(trace_);
    }

  private:
    void end(std::string why, bool complete = false) {
        trace_.ended = std::move(why);
        trace_.complete = complete;
    }

    void end_in_user_mode(const Position &at) {
        trace_.user = at.registers;
        end("user mode", true);
    }

    void add(const Position &at) {
        Frame frame{at.registers.ip(), at.registers.sp(), at.kind, at.exact, {}};
        if (at.kind == FrameKind::top || at.kind == FrameKind::exception)
            frame.registers = at.registers;
        trace_.frames.push_back(frame);
    }

    void advance(Position &at) {
        const Position from = at;
        add(at);
        const Step step = stepper_.step(at);
        if (step.kind == Step::Kind::ended)
            end(step.why, step.complete);
        else if (step.kind == Step::Kind::gap)
            guess(at, "no ORC entry covers " + hex(at.code()));
        else if (goes_back(from, at, step))
            end("loop: the stack pointer goes from " + hex(from.registers.sp()) + " to " +
                hex(at.registers.sp()));
        else if (!at.exact && !leads_somewhere(at))
            guess(at, "no text at the return address " + hex(at.registers.ip()));
    }

    // Stacks grow downwards, so callers are above; the stack that an interrupt came from may be
    // anywhere, but there are not many of them.
    bool goes_back(const Position &from, const Position &to, const Step &step) {
        constexpr unsigned most_switches = 11;
        const uint64_t before = from.registers.sp(), after = to.registers.sp();
        if (after > before)
            return false;
        const bool same_stack = stack_ && stack_->holds(before) && stack_->holds(after);
        return !step.may_switch || same_stack || ++switches_ > most_switches;
    }

    // Generated code is no text, but something in the kernel's half that has called.
    [[nodiscard]] bool leads_somewhere(const Position &at) const {
        constexpr uint64_t kernel_half = 1ull << 63;
        if (stepper_.is_text(at.code()))
            return true;
        const CallSite call = call_before(stepper_.reader(), at.registers.ip());
        return (at.code() & kernel_half) != 0 && call.possible() &&
               call.kind != CallSite::Kind::unknown;
    }

    void guess(Position &at, const std::string &why) {
        constexpr unsigned most_guesses = 17;
        if (++guesses_ > most_guesses)
            return end(why + ", and it is not the first such place");
        const auto caller = guess_caller(stepper_, at, stack_);
        if (!caller)
            return end(why + ", and nothing on the stack leads on");
        at = *caller;
    }

    const Stepper &stepper_;
    std::optional<StackLimits> stack_;
    Backtrace trace_;
    unsigned switches_ = 0, guesses_ = 0;
};

// Where a sleeping task goes on when it is woken.
Result<Position> position_of(const Reader &reader, uint64_t sp, const InactiveFrame &layout) {
    const auto ip = reader.load<uint64_t>(sp + layout.ret_addr);
    if (!ip)
        return ip.error();
    Position position;
    position.registers.set(Register::ip, *ip);
    position.registers.set(Register::sp, sp + layout.size_bytes);
    const std::pair<Register, uint32_t> saved[] = {
        {Register::r15, layout.r15}, {Register::r14, layout.r14}, {Register::r13, layout.r13},
        {Register::r12, layout.r12}, {Register::bx, layout.bx},   {Register::bp, layout.bp}};
    for (const auto &[which, offset] : saved)
        if (const auto value = reader.load<uint64_t>(sp + offset))
            position.registers.set(which, *value);
    return position;
}

}  // namespace

Result<InactiveFrame> InactiveFrame::from_btf(const Btf &btf) {
    constexpr std::pair<const char *, uint32_t InactiveFrame::*> members[] = {
        {"r15", &InactiveFrame::r15},
        {"r14", &InactiveFrame::r14},
        {"r13", &InactiveFrame::r13},
        {"r12", &InactiveFrame::r12},
        {"bx", &InactiveFrame::bx},
        {"bp", &InactiveFrame::bp},
        {"ret_addr", &InactiveFrame::ret_addr}};
    const uint32_t id = btf.find(BtfKind::structure, "inactive_task_frame");
    InactiveFrame frame;
    frame.size_bytes = static_cast<uint32_t>(btf.size_of(id).value_or(0));
    for (const auto &[name, offset] : members) {
        const auto member = btf.find_member(id, name);
        if (!member)
            return Error{
                Errc::failed,
                std::string("the stacks of sleeping tasks cannot be unwound: this kernel's "
                            "BTF has no inactive_task_frame.") +
                    name,
                ""};
        frame.*offset = static_cast<uint32_t>(member->bit_offset / 8);
    }
    return frame;
}

Result<Unwinder> Unwinder::open(const Reader &reader, std::vector<OrcTable> tables,
                                OrcLayout layout, IsText is_text) {
    const bool any = std::any_of(tables.begin(), tables.end(),
                                 [](const OrcTable &table) { return table.count != 0; });
    if (!any)
        return Error{Errc::failed, "this kernel's stacks cannot be unwound: it has no ORC tables",
                     ""};
    return Unwinder(reader, std::move(tables), layout, std::move(is_text));
}

Backtrace Unwinder::unwind(const Registers &start, std::optional<StackLimits> stack) const {
    const Stepper stepper(*reader_, tables_, layout_, is_text_);
    return Walk(stepper, stack).run({start, FrameKind::top, true});
}

Backtrace Unwinder::unwind_sleeping(uint64_t sp, const InactiveFrame &layout,
                                    std::optional<StackLimits> stack) const {
    const Stepper stepper(*reader_, tables_, layout_, is_text_);
    auto start = position_of(*reader_, sp, layout);
    if (!start) {
        Backtrace none;
        none.ended = "cannot be read: " + start.error().what;
        return none;
    }
    // A new task has not run yet: it has not called anything, it will begin at ret_from_fork, and
    // what is before that is another function.
    const auto entry = stepper.entry_at(start->registers.ip());
    start->exact = entry && *entry && (*entry)->type == OrcType::end_of_stack;
    return Walk(stepper, stack).run(*start);
}

}  // namespace whydrop::kdump
