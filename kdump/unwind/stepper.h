// SPDX-License-Identifier: GPL-2.0-or-later
// From one frame to its caller's. Inside this folder; unwinder.h is for everybody else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kdump/unwind/orc.h"
#include "kdump/unwind/unwinder.h"

namespace whydrop::kdump {

// A place on a stack.
struct Position {
    Registers registers;  // those of them that are known
    FrameKind kind = FrameKind::call;
    bool exact = false;  // as Frame has it

    [[nodiscard]] uint64_t code() const { return registers.ip() - (exact ? 0 : 1); }
};

struct Step {
    enum class Kind : uint8_t {
        moved,  // the position is the caller's
        gap,    // nothing is known of this code; the position has not changed
        ended,
    };
    Kind kind = Kind::moved;
    std::string why = {};     // it ended
    bool complete = false;    // with nothing left to find
    bool may_switch = false;  // the caller's stack may be another
};

class Stepper {
  public:
    Stepper(const Reader &reader, const std::vector<OrcTable> &tables, OrcLayout layout,
            const Unwinder::IsText &is_text)
        : reader_(reader), tables_(tables), layout_(layout), is_text_(is_text) {}

    Step step(Position &at) const;
    // Absent: no table covers it. Errors: the Reader's.
    [[nodiscard]] Result<std::optional<OrcEntry>> entry_at(uint64_t address) const;
    // Does no table say anything of this code? Not where that cannot be read.
    [[nodiscard]] bool in_gap(uint64_t address) const;
    [[nodiscard]] bool is_text(uint64_t address) const;
    // Can it be where a call returns to?
    [[nodiscard]] bool may_return_to(uint64_t address) const;

    [[nodiscard]] const Reader &reader() const { return reader_; }

  private:
    [[nodiscard]] Result<uint64_t> previous_sp(const OrcEntry &entry, const Registers &from) const;
    void restore_bp(const OrcEntry &entry, uint64_t previous, Registers &registers) const;
    Step by_entry(const OrcEntry &entry, Position &at) const;
    Step by_failed_call(Position &at) const;
    Step by_frame_pointer(Position &at) const;
    Status return_to_caller(uint64_t previous, bool signal, Position &at) const;
    Status leave_exception(const OrcEntry &entry, uint64_t previous, Position &at) const;

    const Reader &reader_;
    const std::vector<OrcTable> &tables_;
    OrcLayout layout_;
    const Unwinder::IsText &is_text_;
};

}  // namespace whydrop::kdump
