// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/debuginfo/dwarf_numbers.h"

namespace whydrop {

std::optional<uint64_t> unsigned_of(Dwarf_Die *die, unsigned attribute) {
    Dwarf_Attribute found;
    Dwarf_Word value = 0;
    if (dwarf_formudata(dwarf_attr_integrate(die, attribute, &found), &value) != 0)
        return {};
    return value;
}

int64_t constant_of(Dwarf_Die *die) {
    Dwarf_Attribute found;
    if (!dwarf_attr(die, DW_AT_const_value, &found))
        return 0;
    // The forms of a fixed width do not say whether there is a sign; compilers take them for what
    // has none.
    Dwarf_Sword with_sign = 0;
    Dwarf_Word without = 0;
    const unsigned form = dwarf_whatform(&found);
    if (form == DW_FORM_sdata || form == DW_FORM_implicit_const)
        (void)dwarf_formsdata(&found, &with_sign);
    else if (dwarf_formudata(&found, &without) == 0)
        with_sign = static_cast<Dwarf_Sword>(without);
    return with_sign;
}

std::string_view name_of(Dwarf_Die *die) {
    Dwarf_Attribute found;
    const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &found));
    return name ? name : std::string_view();
}

std::optional<Dwarf_Die> referred_by(Dwarf_Die *die, unsigned attribute) {
    Dwarf_Attribute found;
    Dwarf_Die target;
    if (!dwarf_formref_die(dwarf_attr_integrate(die, attribute, &found), &target))
        return {};
    return target;
}

bool has_flag(Dwarf_Die *die, unsigned attribute) {
    Dwarf_Attribute found;
    bool set = false;
    return dwarf_formflag(dwarf_attr(die, attribute, &found), &set) == 0 && set;
}

namespace {

constexpr uint64_t byte = 8;

// A number, or before DWARF 4 perhaps an expression that adds one.
uint64_t location_bytes(Dwarf_Die *member) {
    Dwarf_Attribute found;
    if (!dwarf_attr(member, DW_AT_data_member_location, &found))
        return 0;
    Dwarf_Word value = 0;
    if (dwarf_formudata(&found, &value) == 0)
        return value;
    Dwarf_Op *operations = nullptr;
    size_t count = 0;
    if (dwarf_getlocation(&found, &operations, &count) == 0 && count == 1 &&
        operations[0].atom == DW_OP_plus_uconst)
        return operations[0].number;
    return 0;
}

}  // namespace

MemberPlace place_of_member(Dwarf_Die *member) {
    MemberPlace place{location_bytes(member) * byte, 0};
    const auto bits = unsigned_of(member, DW_AT_bit_size);
    if (!bits)
        return place;
    place.bits = static_cast<uint32_t>(*bits);
    if (const auto from_start = unsigned_of(member, DW_AT_data_bit_offset)) {
        place.bit_offset += *from_start;
    } else if (const auto from_top = unsigned_of(member, DW_AT_bit_offset)) {
        // Before DWARF 4: counted from the most significant bit of the storage.
        auto type = referred_by(member, DW_AT_type);
        Dwarf_Word storage = 0;
        if (const auto own = unsigned_of(member, DW_AT_byte_size))
            storage = *own;
        else if (type)
            (void)dwarf_aggregate_size(&*type, &storage);
        place.bit_offset += storage * byte - *from_top - *bits;
    }
    return place;
}

uint64_t elements_of(Dwarf_Die *subrange) {
    if (const auto count = unsigned_of(subrange, DW_AT_count))
        return *count;
    const auto last = unsigned_of(subrange, DW_AT_upper_bound);
    return last ? *last + 1 : 0;  // of [0] the bound is -1
}

}  // namespace whydrop
