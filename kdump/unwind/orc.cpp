// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/unwind/orc.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "kdump/btf.h"
#include "kdump/memory.h"

namespace whydrop::kdump {

namespace {

// The bases by number. A number that is not here counts as undefined.
constexpr OrcBase bases_before_v3[16] = {
    OrcBase::undefined,   OrcBase::previous_sp, OrcBase::dx,  OrcBase::di,
    OrcBase::bp,          OrcBase::sp,          OrcBase::r10, OrcBase::r13,
    OrcBase::bp_indirect, OrcBase::sp_indirect,
    OrcBase::ax,  // in stable kernels that took 96f3b16a9de5 without the new numbers
};
constexpr OrcBase bases_of_v3[16] = {
    OrcBase::undefined,   OrcBase::ax,          OrcBase::dx,          OrcBase::sp,
    OrcBase::bp,          OrcBase::di,          OrcBase::r10,         OrcBase::r13,
    OrcBase::previous_sp, OrcBase::sp_indirect, OrcBase::bp_indirect,
};

constexpr unsigned sp_in_v2 = 5, sp_in_v3 = 3;  // the base of most entries

unsigned bits(uint16_t word, unsigned shift, unsigned width) {
    return word >> shift & ((1u << width) - 1);
}

uint16_t load16(const uint8_t *at) {
    uint16_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

OrcType type_of_v1(unsigned number, OrcBase sp, bool end) {
    constexpr OrcType types[4] = {OrcType::call, OrcType::registers, OrcType::iret_registers,
                                  OrcType::undefined};
    if (sp == OrcBase::undefined)
        return end ? OrcType::end_of_stack : OrcType::undefined;
    return types[number];
}

OrcType type_of_v2(unsigned number) {
    constexpr OrcType types[8] = {OrcType::undefined, OrcType::end_of_stack, OrcType::call,
                                  OrcType::registers, OrcType::iret_registers};
    return types[number];
}

// The element of the first array: where the stretch of code of that index begins.
Result<uint64_t> begin_of(const Reader &reader, const OrcTable &table, uint64_t index) {
    const uint64_t at = table.ips + index * sizeof(int32_t);
    const auto distance = reader.load<int32_t>(at);
    if (!distance)
        return distance.error();
    return at + static_cast<uint64_t>(int64_t{*distance});
}

// How many elements of [low, high) begin at or before `address`, plus low. One read.
Result<uint64_t> count_in_piece(const Reader &reader, const OrcTable &table, uint64_t low,
                                uint64_t high, uint64_t address) {
    std::vector<int32_t> piece(high - low);
    const uint64_t from = table.ips + low * sizeof(int32_t);
    if (auto done = reader.read(
            from, {reinterpret_cast<uint8_t *>(piece.data()), piece.size() * sizeof(int32_t)});
        !done)
        return done.error();
    for (uint64_t i = 0; i < piece.size(); i++)
        if (from + i * sizeof(int32_t) + static_cast<uint64_t>(int64_t{piece[i]}) > address)
            return low + i;
    return high;
}

// How many elements begin at or before `address`. Where several begin at one place the last is the
// one that counts: the others are ends of sections, which only fill gaps.
Result<uint64_t> count_before(const Reader &reader, const OrcTable &table, uint64_t address) {
    constexpr uint64_t piece = 64;  // elements: by then a read of each costs more than one of all
    uint64_t low = 0, high = table.count;
    while (high - low > piece) {
        const uint64_t middle = low + (high - low) / 2;
        const auto begin = begin_of(reader, table, middle);
        if (!begin)
            return begin.error();
        if (*begin <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return count_in_piece(reader, table, low, high, address);
}

Error unknown_layout(const std::string &why) {
    return {Errc::failed, "this kernel's stacks cannot be unwound: " + why, ""};
}

// Most entries have the stack pointer as their base: which of the two numbers is the more frequent?
Result<OrcLayout> detect_numbering(const Reader &reader, const OrcTable &vmlinux) {
    constexpr uint64_t enough = 1021;  // entries
    std::vector<uint8_t> entries(std::min(vmlinux.count, enough) * orc_entry_bytes);
    if (auto done = reader.read(vmlinux.entries, entries); !done)
        return done.error();
    std::array<unsigned, 16> seen{};
    for (size_t at = 0; at < entries.size(); at += orc_entry_bytes)
        seen[bits(load16(&entries[at + 4]), 0, 4)]++;
    if (seen[sp_in_v2] == seen[sp_in_v3])
        return unknown_layout("its ORC table does not show how it numbers registers");
    return seen[sp_in_v2] > seen[sp_in_v3] ? OrcLayout::v2 : OrcLayout::v3;
}

}  // namespace

OrcEntry decode_orc(OrcLayout layout, std::span<const uint8_t, orc_entry_bytes> bytes) {
    const auto &bases = layout == OrcLayout::v3 ? bases_of_v3 : bases_before_v3;
    const uint16_t word = load16(&bytes[4]);
    OrcEntry entry;
    entry.sp_offset = static_cast<int16_t>(load16(&bytes[0]));
    entry.bp_offset = static_cast<int16_t>(load16(&bytes[2]));
    entry.sp = bases[bits(word, 0, 4)];
    entry.bp = bases[bits(word, 4, 4)];
    switch (layout) {
        case OrcLayout::v1:
            entry.type = type_of_v1(bits(word, 8, 2), entry.sp, bits(word, 10, 1) != 0);
            entry.signal =
                entry.type == OrcType::registers || entry.type == OrcType::iret_registers;
            break;
        case OrcLayout::v1_signal:
            entry.type = type_of_v1(bits(word, 8, 2), entry.sp, bits(word, 11, 1) != 0);
            entry.signal = bits(word, 10, 1) != 0;
            break;
        case OrcLayout::v2:
        case OrcLayout::v3:
            entry.type = type_of_v2(bits(word, 8, 3));
            entry.signal = bits(word, 11, 1) != 0;
            break;
    }
    return entry;
}

Result<OrcLayout> detect_orc_layout(const Btf &btf, const Reader &reader, const OrcTable &vmlinux) {
    const uint32_t id = btf.find(BtfKind::structure, "orc_entry");
    if (id == 0)
        return unknown_layout("its BTF has no struct orc_entry");
    const auto type = btf.find_member(id, "type");
    const bool signal = btf.find_member(id, "signal").has_value();
    const uint32_t width = type ? type->bitfield_bits : 0;
    if (width == 2)
        return signal ? OrcLayout::v1_signal : OrcLayout::v1;
    if (width == 3 && signal)
        return detect_numbering(reader, vmlinux);
    return unknown_layout("its struct orc_entry is not one that is known");
}

Result<std::optional<OrcEntry>> find_orc(const Reader &reader, OrcLayout layout,
                                         const OrcTable &table, uint64_t address) {
    const auto before = count_before(reader, table, address);
    if (!before)
        return before.error();
    if (*before == 0)
        return std::optional<OrcEntry>{};
    std::array<uint8_t, orc_entry_bytes> bytes;
    if (auto done = reader.read(table.entries + (*before - 1) * orc_entry_bytes, bytes); !done)
        return done.error();
    return std::optional<OrcEntry>{decode_orc(layout, bytes)};
}

}  // namespace whydrop::kdump
