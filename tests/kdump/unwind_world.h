// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel of some 900 bytes that has died: two pieces of code, the ORC tables of the first (or of
// both), a task's stack and one for interrupts. The unit tests build it by hand; the fuzzer makes
// it from any bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "kdump/memory.h"
#include "kdump/unwind/unwinder.h"

namespace whydrop::test {

// Functions of 32 bytes: f0 to f7 have tables; g0 and g1 are a module's, or generated.
constexpr uint64_t function_bytes = 32;
constexpr uint64_t text_begin = 0xffffffff81000000, text_bytes = 8 * function_bytes;
constexpr uint64_t other_begin = 0xffffffffc0100000, other_bytes = 2 * function_bytes;
constexpr uint64_t stack_begin = 0xffffc90000008000, most_stack_bytes = 320;
constexpr uint64_t irq_begin = 0xffffc90000004000, most_irq_bytes = 128;
constexpr uint64_t ips_begin = 0xffffffff82000000, entries_begin = 0xffffffff82100000;

// "f1+0x5", "g0+0x1", "s+0x10" and "i+0x8" on the stacks; else "0x..." itself.
std::string place(uint64_t address);
constexpr uint64_t f(unsigned number, uint64_t offset = 0) {
    return text_begin + number * function_bytes + offset;
}
constexpr uint64_t g(unsigned number, uint64_t offset = 0) {
    return other_begin + number * function_bytes + offset;
}
constexpr uint64_t s(uint64_t offset) {
    return stack_begin + offset;
}
constexpr uint64_t irq(uint64_t offset) {
    return irq_begin + offset;
}

// The six bytes of an entry, from numbers that are written down here once more.
std::vector<uint8_t> encode(kdump::OrcLayout layout, const kdump::OrcEntry &entry);

// Reads like memory, from pieces of bytes at addresses; between them nothing is there.
class FakeMemory : public kdump::Reader {
  public:
    struct Piece {
        uint64_t begin;
        std::vector<uint8_t> bytes;
    };
    std::vector<Piece> pieces;
    mutable uint64_t bytes_read = 0, reads = 0;

    Status read(uint64_t address, std::span<uint8_t> to) const override;
};

class World {
  public:
    explicit World(kdump::OrcLayout layout = kdump::OrcLayout::v2);
    // Anything is a world. What the bytes do not reach is missing.
    static World from_image(std::span<const uint8_t> image);
    [[nodiscard]] std::vector<uint8_t> image() const;

    // Rows of the tables, by ascending address.
    void row(uint64_t address, const kdump::OrcEntry &entry);
    // A call instruction of five bytes; returns where it returns to.
    uint64_t call(uint64_t at, uint64_t target);
    // A call of a register, two bytes.
    uint64_t call_register(uint64_t at);
    // Words on a stack, from `address` on.
    void put(uint64_t address, std::initializer_list<uint64_t> words);
    // struct pt_regs on a stack: of kernel mode unless said.
    void put_registers(uint64_t address, uint64_t ip, uint64_t sp, uint64_t bp = 0,
                       bool user = false);
    void put_iret_frame(uint64_t address, uint64_t ip, uint64_t sp, bool user = false);
    void cut_stack(uint64_t bytes) { stack_.resize(bytes); }
    void start_at(uint64_t ip, uint64_t sp, uint64_t bp = 0);

    kdump::Registers start;
    bool sleeping = false;         // begins with an inactive_task_frame at the start's sp
    bool limits_known = false;     // of the task's stack
    bool other_has_table = false;  // g0 and g1 are a module's
    bool other_is_text = false;    // if not: who is asked knows that there is generated code

    [[nodiscard]] FakeMemory memory() const;
    [[nodiscard]] kdump::Backtrace unwind() const;
    static kdump::InactiveFrame inactive_frame() { return {0, 8, 16, 24, 32, 40, 48, 56}; }

  private:
    kdump::OrcLayout layout_;
    uint64_t rows_ = 0;
    std::vector<uint8_t> ips_, entries_, text_, other_, irq_, stack_;

    std::vector<uint8_t> *bytes_at(uint64_t address, uint64_t &begin);
    void write(uint64_t address, std::span<const uint8_t> bytes);
};

// "top f0+0x4 s+0x0; call f1+0x9 s+0x10; end of stack", and what is unusual: "exact call",
// "exception behind". Addresses in the reason are places too.
std::string text_of(const kdump::Backtrace &trace);

}  // namespace whydrop::test
