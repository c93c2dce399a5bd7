// SPDX-License-Identifier: GPL-2.0-or-later
// Attributes of a DWARF entry as numbers and texts.
#pragma once

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace whydrop {

// These look at the entry itself and, where it is an instance of another one, at that.
std::optional<uint64_t> unsigned_of(Dwarf_Die *die, unsigned attribute);
int64_t constant_of(Dwarf_Die *die);       // DW_AT_const_value; 0: none
std::string_view name_of(Dwarf_Die *die);  // empty: none
// What an attribute refers to.
std::optional<Dwarf_Die> referred_by(Dwarf_Die *die, unsigned attribute);
bool has_flag(Dwarf_Die *die, unsigned attribute);

struct MemberPlace {
    uint64_t bit_offset = 0;  // from the start of its structure
    uint32_t bits = 0;        // of a bit field; 0: it is none
};
MemberPlace place_of_member(Dwarf_Die *member);

// Of one dimension of an array; 0: not known.
uint64_t elements_of(Dwarf_Die *subrange);

}  // namespace whydrop
