// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of an x86-64 CPU, as far as they are known at a place on a stack.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sys/result.h"

namespace whydrop::kdump {

class Reader;

// In the order of struct pt_regs (arch/x86/include/asm/ptrace.h), which is that of the first 21
// registers of struct user_regs_struct too.
enum class Register : uint8_t {
    r15,
    r14,
    r13,
    r12,
    bp,
    bx,
    r11,
    r10,
    r9,
    r8,
    ax,
    cx,
    dx,
    si,
    di,
    orig_ax,  // the number of a system call, the error code of an exception, or -1
    ip,
    cs,
    flags,
    sp,
    ss,
};
constexpr size_t register_count = 21;
constexpr uint64_t pt_regs_bytes = register_count * sizeof(uint64_t);

// As the kernel's own reports call them, in lower case: "r15", "ax", "orig_ax", "ip".
std::string_view register_name(Register which);

class Registers {
  public:
    // The registers in the descriptor of a note NT_PRSTATUS (struct elf_prstatus, registers from
    // byte 112 on). Errors: failed, it is too short.
    static Result<Registers> from_prstatus(std::span<const uint8_t> descriptor);
    // struct pt_regs at `address`. Errors: the Reader's.
    static Result<Registers> from_stack(const Reader &reader, uint64_t address);
    // What the CPU itself pushes (ip, cs, flags, sp, ss), over what is known already.
    Status read_iret_frame(const Reader &reader, uint64_t address);

    [[nodiscard]] std::optional<uint64_t> get(Register which) const {
        if (!knows(which))
            return {};
        return values_[index(which)];
    }
    void set(Register which, uint64_t value) {
        values_[index(which)] = value;
        known_ |= 1u << index(which);
    }
    void forget(Register which) { known_ &= ~(1u << index(which)); }

    // 0 where not known.
    [[nodiscard]] uint64_t ip() const { return get(Register::ip).value_or(0); }
    [[nodiscard]] uint64_t sp() const { return get(Register::sp).value_or(0); }
    // False where cs is not known.
    [[nodiscard]] bool user_mode() const { return (get(Register::cs).value_or(0) & 3) != 0; }

  private:
    static size_t index(Register which) { return static_cast<size_t>(which); }
    [[nodiscard]] bool knows(Register which) const { return (known_ >> index(which) & 1) != 0; }
    void set_from(Register first, std::span<const uint8_t> bytes);

    std::array<uint64_t, register_count> values_{};
    uint32_t known_ = 0;  // a bit for each
};

}  // namespace whydrop::kdump
