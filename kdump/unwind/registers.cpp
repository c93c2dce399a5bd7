// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/unwind/registers.h"

#include <cstring>

#include "kdump/memory.h"

namespace whydrop::kdump {

namespace {

constexpr size_t prstatus_registers_at = 112;  // offsetof(struct elf_prstatus, pr_reg)

constexpr std::string_view names[register_count] = {
    "r15", "r14", "r13", "r12", "bp",      "bx", "r11", "r10",   "r9", "r8", "ax",
    "cx",  "dx",  "si",  "di",  "orig_ax", "ip", "cs",  "flags", "sp", "ss"};

}  // namespace

std::string_view register_name(Register which) {
    return names[static_cast<size_t>(which)];
}

// With FRED (6.9 and later) the words of cs and ss carry what kind of event it was above the
// selector.
void Registers::set_from(Register first, std::span<const uint8_t> bytes) {
    constexpr uint64_t selector = 0xffff;
    for (size_t i = 0; i < bytes.size() / sizeof(uint64_t); i++) {
        const auto which = static_cast<Register>(index(first) + i);
        uint64_t value;
        std::memcpy(&value, &bytes[i * sizeof value], sizeof value);
        const bool segment = which == Register::cs || which == Register::ss;
        set(which, segment ? value & selector : value);
    }
}

Result<Registers> Registers::from_prstatus(std::span<const uint8_t> descriptor) {
    if (descriptor.size() < prstatus_registers_at + pt_regs_bytes)
        return Error{Errc::failed,
                     "a CPU's registers (NT_PRSTATUS) are cut: " +
                         std::to_string(descriptor.size()) + " bytes",
                     ""};
    Registers registers;
    registers.set_from(Register::r15, descriptor.subspan(prstatus_registers_at, pt_regs_bytes));
    return registers;
}

Result<Registers> Registers::from_stack(const Reader &reader, uint64_t address) {
    std::array<uint8_t, pt_regs_bytes> bytes;
    if (auto done = reader.read(address, bytes); !done)
        return done.error();
    Registers registers;
    registers.set_from(Register::r15, bytes);
    return registers;
}

Status Registers::read_iret_frame(const Reader &reader, uint64_t address) {
    constexpr size_t pushed = register_count - static_cast<size_t>(Register::ip);
    std::array<uint8_t, pushed * sizeof(uint64_t)> bytes;
    if (auto done = reader.read(address, bytes); !done)
        return done.error();
    set_from(Register::ip, bytes);
    return success();
}

}  // namespace whydrop::kdump
