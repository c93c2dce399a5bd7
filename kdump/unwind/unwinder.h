// SPDX-License-Identifier: GPL-2.0-or-later
// Who called whom, from the stack of a dead x86-64 kernel and the ORC tables in its memory, as the
// kernel's own unwinder (arch/x86/kernel/unwind_orc.c) would have found it. No debuginfo.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kdump/unwind/orc.h"
#include "kdump/unwind/registers.h"
#include "sys/result.h"

namespace whydrop::kdump {

enum class FrameKind : uint8_t {
    top,        // where a CPU was
    call,       // it has called the frame before it
    exception,  // it was interrupted there: by an interrupt, a fault, a breakpoint
    guessed,    // of the frame before it no table knows anything: found by what lies on the stack
};

struct Frame {
    uint64_t ip = 0, sp = 0;
    FrameKind kind = FrameKind::call;
    // ip is an instruction that was to be executed; else a return address, which may be the next
    // function's: look up ip - 1.
    bool exact = false;
    std::optional<Registers> registers;  // of a top or an exception, as far as they were saved

    [[nodiscard]] uint64_t code() const { return ip - (exact ? 0 : 1); }
};

struct Backtrace {
    std::vector<Frame> frames;  // innermost first, kernel mode only
    std::string ended;      // why: "user mode", "end of stack", "loop: ...", "cannot be read: ..."
    bool complete = false;  // by user mode or the end of the stack; there may be guesses in between
    std::optional<Registers> user;  // what the kernel was entered with from user mode

    static constexpr size_t most_frames = 256;
};

// Virtual addresses [begin, end) of a task's stack.
struct StackLimits {
    uint64_t begin = 0, end = 0;

    [[nodiscard]] bool holds(uint64_t address) const { return address >= begin && address < end; }
};

// Offsets in struct inactive_task_frame, which lies at task->thread.sp of a task that sleeps.
struct InactiveFrame {
    uint32_t r15 = 0, r14 = 0, r13 = 0, r12 = 0, bx = 0, bp = 0, ret_addr = 0, size_bytes = 0;

    // Errors: failed, BTF has no such struct or it lacks a member.
    static Result<InactiveFrame> from_btf(const Btf &btf);
};

class Unwinder {
  public:
    // Is this kernel or module text? Not asked for what a table covers.
    using IsText = std::function<bool(uint64_t address)>;

    // `reader` must outlive it. Where several tables cover an address the first counts; one without
    // elements says at least that there is text. Without `is_text` there is no other. Errors:
    // failed, no table has an element.
    static Result<Unwinder> open(const Reader &reader, std::vector<OrcTable> tables,
                                 OrcLayout layout, IsText is_text = {});

    // From where a CPU or an exception was. Where the task's stack is, if known, bounds guesses and
    // shows loops; the way may leave it (interrupts have stacks of their own).
    [[nodiscard]] Backtrace unwind(const Registers &start,
                                   std::optional<StackLimits> stack = {}) const;
    // Of a task that sleeps, `sp` its thread.sp.
    [[nodiscard]] Backtrace unwind_sleeping(uint64_t sp, const InactiveFrame &layout,
                                            std::optional<StackLimits> stack = {}) const;

  private:
    Unwinder(const Reader &reader, std::vector<OrcTable> tables, OrcLayout layout, IsText is_text)
        : reader_(&reader),
          tables_(std::move(tables)),
          layout_(layout),
          is_text_(std::move(is_text)) {}

    const Reader *reader_;
    std::vector<OrcTable> tables_;
    OrcLayout layout_;
    IsText is_text_;
};

}  // namespace whydrop::kdump
