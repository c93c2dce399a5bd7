// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's ORC tables: for each stretch of code, where the caller's stack pointer, frame
// pointer and return address are (Documentation/arch/x86/orc-unwinder.rst, struct orc_entry in
// arch/x86/include/asm/orc_types.h). A table is two arrays: int32 distances from each element to
// where its stretch of code begins, ascending, and as many entries of 6 bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "sys/result.h"

namespace whydrop::kdump {

class Btf;
class Reader;

// An entry is two signed 16-bit offsets, of the stack and of the frame pointer, and a word of bit
// fields: bits 0 to 3 the stack pointer's base, 4 to 7 the frame pointer's, and from 8 on what
// differs.
enum class OrcLayout : uint8_t {
    // 4.14 to 6.2: type of 2 bits, from 8; `end` in bit 10. ee9f8fce9964 ("x86/unwind: Add the ORC
    // unwinder"). An indirect stack pointer has meant "load, then add the offset" since
    // 87ccc826bf1c in 5.12, and no table had one before.
    v1,
    // 6.3: `signal` in bit 10, `end` in 11. ffb1b4a41016 ("x86/unwind/orc: Add 'signal' field to
    // ORC
    // metadata").
    v1_signal,
    // 6.4 to 7.0: type of 3 bits, which says `end` too; `signal` in bit 11. fb799447ae29
    // ("x86,objtool: Split UNWIND_HINT_EMPTY in two").
    v2,
    // 7.1 and later: as v2, the bases have other numbers. 1735858caa4b ("objtool/x86: Reorder ORC
    // register numbering"), and 96f3b16a9de5 ("objtool: Support Clang RAX DRAP sequence").
    v3,
};

enum class OrcType : uint8_t {
    undefined,  // nothing is known of this code; also what no kernel has written
    end_of_stack,
    call,            // a return address lies below the caller's stack pointer
    registers,       // struct pt_regs lies where the stack pointer's base says
    iret_registers,  // only what the CPU pushes lies there
};

// What an offset is added to.
enum class OrcBase : uint8_t {
    undefined,    // for the frame pointer: it has not changed
    previous_sp,  // the caller's stack pointer
    sp,
    bp,
    sp_indirect,  // load, then add the offset
    bp_indirect,  // add the offset, then load
    ax,           // these hold the caller's stack pointer itself, while a stack is realigned
    dx,
    di,
    r10,
    r13,
};

struct OrcEntry {
    OrcType type = OrcType::undefined;
    OrcBase sp = OrcBase::undefined, bp = OrcBase::undefined;
    int16_t sp_offset = 0, bp_offset = 0;  // bytes
    bool signal = false;                   // the caller's address is where it was, not behind that
};
constexpr uint64_t orc_entry_bytes = 6;

// Code in [text_begin, text_end) is looked up in it. Code that is not in one piece (.init.text)
// takes a second OrcTable with the same arrays. Addresses are virtual.
struct OrcTable {
    uint64_t text_begin = 0, text_end = 0;
    uint64_t ips = 0, entries = 0;  // of the two arrays
    uint64_t count = 0;             // elements in each of them

    [[nodiscard]] bool covers(uint64_t address) const {
        return address >= text_begin && address < text_end;
    }
};

OrcEntry decode_orc(OrcLayout layout, std::span<const uint8_t, orc_entry_bytes> bytes);

// Asks BTF for the bit fields of struct orc_entry, and between v2 and v3 the first entries of the
// table. Errors: failed, BTF has no such struct, it is none of these, or no memory.
Result<OrcLayout> detect_orc_layout(const Btf &btf, const Reader &reader, const OrcTable &vmlinux);

// The last entry that begins at or before `address`; absent before the first. Reads some 10 words
// and a piece of the one array, and one entry of the other. Errors: the Reader's.
Result<std::optional<OrcEntry>> find_orc(const Reader &reader, OrcLayout layout,
                                         const OrcTable &table, uint64_t address);

}  // namespace whydrop::kdump
