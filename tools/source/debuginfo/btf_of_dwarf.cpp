// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/debuginfo/btf_of_dwarf.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "source/debuginfo/btf_writer.h"
#include "source/debuginfo/dwarf_numbers.h"

namespace whydrop {

namespace {

using kdump::BtfKind;
using Record = BtfWriter::Record;

constexpr int most_nested = 64;  // pointers to arrays of pointers to ...
constexpr uint32_t signed_integer = 1, character = 2, boolean = 4;
constexpr uint32_t bit_field_offsets = (1u << 24) - 1;  // what is left of a word beside the width

// Visits the entries below another one.
template <typename Visit>
void each_child(Dwarf_Die *parent, const Visit &visit) {
    Dwarf_Die child;
    if (dwarf_child(parent, &child) != 0)
        return;
    do
        visit(&child);
    while (dwarf_siblingof(&child, &child) == 0);
}

BtfKind kind_of(int tag) {
    switch (tag) {
        case DW_TAG_structure_type:
        case DW_TAG_class_type:
            return BtfKind::structure;
        case DW_TAG_union_type:
            return BtfKind::union_;
        case DW_TAG_enumeration_type:
            return BtfKind::enumeration;
        case DW_TAG_pointer_type:
            return BtfKind::pointer;
        case DW_TAG_const_type:
            return BtfKind::const_;
        case DW_TAG_volatile_type:
            return BtfKind::volatile_;
        case DW_TAG_restrict_type:
            return BtfKind::restrict_;
        case DW_TAG_typedef:
            return BtfKind::typedef_;
        default:
            return BtfKind::none;
    }
}

bool is_compound(BtfKind kind) {
    return kind == BtfKind::structure || kind == BtfKind::union_ || kind == BtfKind::enumeration;
}

class Converter {
  public:
    void unit(Dwarf_Die *unit);
    Result<std::vector<uint8_t>> finish();

  private:
    struct Named {
        uint32_t id = 0;
        bool known = false;  // there is a definition
        uint64_t size_bytes = 0;
    };
    struct Key {
        BtfKind kind;
        uint64_t size_bytes;  // 0: the first definition, whatever its size
        std::string_view name;
        bool operator==(const Key &) const = default;
    };
    struct KeyHash {
        size_t operator()(const Key &key) const {
            return std::hash<std::string_view>()(key.name) ^
                   (key.size_bytes << 8 | static_cast<uint8_t>(key.kind));
        }
    };

    uint32_t target(Dwarf_Die *die);
    uint32_t convert(Dwarf_Die *die);
    uint32_t convert_new(Dwarf_Die *die);
    uint32_t named(Dwarf_Die *die, BtfKind kind, std::string_view name);
    Record definition(Dwarf_Die *die, BtfKind kind, std::string_view name);
    Record members(Dwarf_Die *die, BtfKind kind, std::string_view name);
    Record enumerators(Dwarf_Die *die, std::string_view name);
    uint32_t base_type(Dwarf_Die *die);
    uint32_t array(Dwarf_Die *die);
    uint32_t prototype(Dwarf_Die *die, bool with_names);
    void function(Dwarf_Die *die);
    void define_pending();

    BtfWriter writer_;
    std::unordered_map<Dwarf_Off, uint32_t> seen_;  // of this unit
    std::vector<std::pair<Dwarf_Die, uint32_t>> pending_;
    std::unordered_map<Key, Named, KeyHash> named_;  // names are the file's
    std::unordered_map<std::string_view, bool> functions_;
    int depth_ = 0;
    bool any_ = false;
};

uint32_t Converter::target(Dwarf_Die *die) {
    auto type = referred_by(die, DW_AT_type);
    return type ? convert(&*type) : 0;
}

uint32_t Converter::convert(Dwarf_Die *die) {
    // A type that is part of itself, as broken files may claim, is void there.
    const auto [at, is_new] = seen_.emplace(dwarf_dieoffset(die), 0);
    if (!is_new)
        return at->second;
    if (depth_ >= most_nested)
        return 0;
    depth_++;
    const uint32_t id = convert_new(die);
    depth_--;
    return seen_[dwarf_dieoffset(die)] = id;
}

uint32_t Converter::convert_new(Dwarf_Die *die) {
    const int tag = dwarf_tag(die);
    const BtfKind kind = kind_of(tag);
    const std::string_view name = name_of(die);
    if (is_compound(kind))
        return name.empty() ? writer_.intern(definition(die, kind, {})) : named(die, kind, name);
    if (kind == BtfKind::typedef_)
        return writer_.intern(writer_.record(kind, name, 0, target(die)));
    if (kind != BtfKind::none)
        return writer_.intern(writer_.record(kind, {}, 0, target(die)));
    switch (tag) {
        case DW_TAG_base_type:
            return base_type(die);
        case DW_TAG_array_type:
            return array(die);
        case DW_TAG_subroutine_type:
            return prototype(die, false);
        case DW_TAG_atomic_type:
        case DW_TAG_subrange_type:
            return target(die);
        default:
            return 0;
    }
}

// Its members come later: they may lead back here.
uint32_t Converter::named(Dwarf_Die *die, BtfKind kind, std::string_view name) {
    const bool declared = has_flag(die, DW_AT_declaration);
    const uint64_t size = unsigned_of(die, DW_AT_byte_size).value_or(0);
    Named *entry = &named_[{kind, 0, name}];
    if (!declared && entry->known && entry->size_bytes != size)
        entry = &named_[{kind, size, name}];  // another one of that name
    if (!entry->id)
        entry->id = writer_.reserve();
    if (!declared && !entry->known) {
        entry->known = true;
        entry->size_bytes = size;
        pending_.emplace_back(*die, entry->id);
    }
    return entry->id;
}

void Converter::define_pending() {
    while (!pending_.empty()) {
        auto [die, id] = pending_.back();
        pending_.pop_back();
        writer_.set(id, definition(&die, kind_of(dwarf_tag(&die)), name_of(&die)));
        any_ = true;
    }
}

Record Converter::definition(Dwarf_Die *die, BtfKind kind, std::string_view name) {
    return kind == BtfKind::enumeration ? enumerators(die, name) : members(die, kind, name);
}

Record Converter::members(Dwarf_Die *die, BtfKind kind, std::string_view name) {
    Record entries;
    bool bit_fields = false;
    std::vector<MemberPlace> places;
    each_child(die, [&](Dwarf_Die *member) {
        if (dwarf_tag(member) != DW_TAG_member || places.size() == BtfWriter::most_entries)
            return;
        places.push_back(place_of_member(member));
        bit_fields |= places.back().bits != 0;
        entries.insert(entries.end(), {writer_.string(name_of(member)), target(member), 0});
    });
    for (size_t i = 0; i < places.size(); i++) {
        const auto offset = static_cast<uint32_t>(places[i].bit_offset);
        entries[3 * i + 2] =
            bit_fields ? places[i].bits << 24 | (offset & bit_field_offsets) : offset;
    }
    Record record = writer_.record(kind, name, places.size(),
                                   unsigned_of(die, DW_AT_byte_size).value_or(0), bit_fields);
    record.insert(record.end(), entries.begin(), entries.end());
    return record;
}

Record Converter::enumerators(Dwarf_Die *die, std::string_view name) {
    std::vector<std::pair<uint32_t, int64_t>> values;
    bool is_signed = false, wide = false;
    each_child(die, [&](Dwarf_Die *value) {
        if (dwarf_tag(value) != DW_TAG_enumerator || values.size() == BtfWriter::most_entries)
            return;
        const int64_t number = constant_of(value);
        is_signed |= number < 0;
        wide |= number > UINT32_MAX || number < INT32_MIN;
        values.emplace_back(writer_.string(name_of(value)), number);
    });
    Record record =
        writer_.record(wide ? BtfKind::enumeration64 : BtfKind::enumeration, name, values.size(),
                       unsigned_of(die, DW_AT_byte_size).value_or(4), is_signed);
    for (const auto &[text, number] : values) {
        record.insert(record.end(), {text, static_cast<uint32_t>(number)});
        if (wide)
            record.push_back(static_cast<uint32_t>(number >> 32));
    }
    return record;
}

uint32_t Converter::base_type(Dwarf_Die *die) {
    const uint64_t bytes = unsigned_of(die, DW_AT_byte_size).value_or(0);
    const uint64_t encoding = unsigned_of(die, DW_AT_encoding).value_or(0);
    if (encoding == DW_ATE_float || encoding == DW_ATE_complex_float)
        return writer_.intern(writer_.record(BtfKind::floating, name_of(die), 0, bytes));
    uint32_t bits = 0;
    if (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char)
        bits = signed_integer;
    else if (encoding == DW_ATE_boolean)
        bits = boolean;
    if (encoding == DW_ATE_signed_char || encoding == DW_ATE_unsigned_char)
        bits |= character;
    Record record = writer_.record(BtfKind::integer, name_of(die), 0, bytes);
    record.push_back(bits << 24 | static_cast<uint32_t>(8 * bytes & 0xff));
    return writer_.intern(record);
}

uint32_t Converter::array(Dwarf_Die *die) {
    std::vector<uint32_t> counts;
    each_child(die, [&](Dwarf_Die *part) {
        if (dwarf_tag(part) == DW_TAG_subrange_type)
            counts.push_back(static_cast<uint32_t>(elements_of(part)));
    });
    Record index = writer_.record(BtfKind::integer, "__ARRAY_SIZE_TYPE__", 0, sizeof(uint32_t));
    index.push_back(8 * sizeof(uint32_t));
    const uint32_t index_id = writer_.intern(index);
    uint32_t id = target(die);
    for (auto count = counts.rbegin(); count != counts.rend(); ++count) {
        Record record = writer_.record(BtfKind::array, {}, 0, 0);
        record.insert(record.end(), {id, index_id, *count});
        id = writer_.intern(record);
    }
    return id;
}

uint32_t Converter::prototype(Dwarf_Die *die, bool with_names) {
    Record parameters;
    each_child(die, [&](Dwarf_Die *part) {
        const int tag = dwarf_tag(part);
        if (parameters.size() / 2 == BtfWriter::most_entries)
            return;
        if (tag == DW_TAG_formal_parameter)
            parameters.insert(parameters.end(),
                              {with_names ? writer_.string(name_of(part)) : 0, target(part)});
        else if (tag == DW_TAG_unspecified_parameters)
            parameters.insert(parameters.end(), {0, 0});
    });
    Record record = writer_.record(BtfKind::function_proto, {}, parameters.size() / 2, target(die));
    record.insert(record.end(), parameters.begin(), parameters.end());
    return writer_.intern(record);
}

void Converter::function(Dwarf_Die *die) {
    if (!dwarf_hasattr(die, DW_AT_low_pc) && !dwarf_hasattr(die, DW_AT_ranges))
        return;
    const std::string_view name = name_of(die);
    if (name.empty() || !functions_.emplace(name, true).second)
        return;
    writer_.intern(writer_.record(BtfKind::function, name, 0, prototype(die, true)));
}

void Converter::unit(Dwarf_Die *unit) {
    seen_.clear();
    // Its types are of another world, with names that may be the same.
    if (dwarf_srclang(unit) == DW_LANG_Rust)
        return;
    each_child(unit, [&](Dwarf_Die *die) {
        const int tag = dwarf_tag(die);
        if (tag == DW_TAG_subprogram)
            function(die);
        else if (tag == DW_TAG_variable)
            (void)target(die);
        else if (is_compound(kind_of(tag)) && !name_of(die).empty())
            (void)convert(die);
    });
    define_pending();
}

Result<std::vector<uint8_t>> Converter::finish() {
    if (!any_)
        return Error{Errc::failed, "the debug information describes no structure", ""};
    for (const auto &[key, entry] : named_)
        if (!entry.known && key.kind == BtfKind::enumeration)
            writer_.set(entry.id, writer_.record(key.kind, key.name, 0, sizeof(uint32_t)));
        else if (!entry.known)
            writer_.set(entry.id, writer_.record(BtfKind::forward, key.name, 0, 0,
                                                 key.kind == BtfKind::union_));
    return writer_.bytes();
}

}  // namespace

Result<std::vector<uint8_t>> btf_of_dwarf(Dwarf *dwarf) {
    Converter converter;
    Dwarf_Off offset = 0, next = 0;
    size_t header_bytes = 0;
    while (dwarf_nextcu(dwarf, offset, &next, &header_bytes, nullptr, nullptr, nullptr) == 0) {
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf, offset + header_bytes, &unit))
            converter.unit(&unit);
        offset = next;
    }
    return converter.finish();
}

}  // namespace whydrop
