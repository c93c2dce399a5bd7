// SPDX-License-Identifier: GPL-2.0-or-later
// Reads BTF, the type information a kernel carries of itself (Documentation/bpf/btf.rst), out of
// bytes that nobody vouches for: the running kernel's, a module's, or what lay in a dump. All
// kinds up to ENUM64 (19), the wider vlen and kind fields and the layout section of 7.1. Whatever
// the bytes do not hold is an Error from parse(), or absent afterwards; loops in type chains end.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sys/result.h"

namespace whydrop::kdump {

enum class BtfKind : uint8_t {
    none = 0,
    integer = 1,
    pointer = 2,
    array = 3,
    structure = 4,
    union_ = 5,
    enumeration = 6,
    forward = 7,
    typedef_ = 8,
    volatile_ = 9,
    const_ = 10,
    restrict_ = 11,
    function = 12,
    function_proto = 13,
    variable = 14,
    data_section = 15,
    floating = 16,
    decl_tag = 17,
    type_tag = 18,
    enumeration64 = 19,  // larger numbers: a kind this reader can only step over
};

// Names are views into the bytes given to parse().
struct BtfType {
    uint32_t id = 0;
    BtfKind kind = BtfKind::none;
    std::string_view name;    // empty: anonymous
    uint32_t size_bytes = 0;  // integer, structure, union_, enumerations, floating, data_section
    uint32_t target = 0;      // type id the others refer to; 0 is void
    uint32_t entries = 0;     // members, enumerators, parameters: as the header claims
    bool flag = false;        // enumerations: signed; structures: bit fields; forward: a union
};

struct BtfEnumerator {
    std::string_view name;
    uint64_t value = 0;  // sign-extended where the enumeration is signed
};

struct BtfParameter {
    std::string_view name;  // empty in the prototype of a pointer
    uint32_t type = 0;
};

struct BtfMember {
    std::string_view name;  // empty: an anonymous struct or union
    uint32_t type = 0;
    uint64_t bit_offset = 0;     // from the start of the structure
    uint32_t bitfield_bits = 0;  // 0: not a bit field
};

struct BtfArray {
    uint32_t element = 0;
    uint32_t count = 0;
};

// What follows the 12 bytes of every record, by kind: a fixed part, and a part per entry.
struct BtfTail {
    uint8_t fixed, each;
    bool operator==(const BtfTail &) const = default;
};

class Btf {
  public:
    // `bytes` and `base` are kept by reference and must outlive the Btf. With a base (a module's
    // BTF is split from vmlinux's), ids and string offsets go on after the base's.
    // Errc::failed: not BTF, the other byte order, or cut.
    static Result<Btf> parse(std::span<const uint8_t> bytes, const Btf *base = nullptr);

    [[nodiscard]] uint32_t first_id() const { return first_id_; }  // 1 without a base
    [[nodiscard]] uint32_t end_id() const {
        return first_id_ + static_cast<uint32_t>(offsets_.size());
    }

    // Absent for void (0) and for ids out of range.
    [[nodiscard]] std::optional<BtfType> type(uint32_t id) const;

    // The first type of the kind and name: this BTF's own, else the base's. Compares along the way,
    // nothing is indexed. 0: there is none.
    [[nodiscard]] uint32_t find(BtfKind kind, std::string_view name) const;
    // Own types of these kinds, in order; for the base's own ask the base.
    [[nodiscard]] std::vector<uint32_t> ids_of(std::initializer_list<BtfKind> kinds) const;
    [[nodiscard]] std::vector<uint32_t> ids_of(BtfKind kind) const { return ids_of({kind}); }
    // find() of either kind of enumeration.
    [[nodiscard]] uint32_t find_enumeration(std::string_view name) const;

    // Of an enumeration, function_proto, structure or union; empty for other kinds.
    [[nodiscard]] std::vector<BtfEnumerator> enumerators(uint32_t id) const;
    [[nodiscard]] std::vector<BtfParameter> parameters(uint32_t id) const;
    [[nodiscard]] std::vector<BtfMember> members(uint32_t id) const;
    [[nodiscard]] std::optional<BtfArray> array(uint32_t id) const;
    // Of an integer or an enumeration.
    [[nodiscard]] bool is_signed(uint32_t id) const;

    // The member of that name, also inside anonymous members; its offset is from the start of `id`.
    [[nodiscard]] std::optional<BtfMember> find_member(uint32_t id, std::string_view name) const;

    // Through typedef, const, volatile, restrict and type tags. 0: void, a loop, or a bad id.
    [[nodiscard]] uint32_t strip(uint32_t id) const;
    // Absent: no size (void, functions, forward declarations). Pointers are of 8 bytes.
    [[nodiscard]] std::optional<uint64_t> size_of(uint32_t id) const;

  private:
    struct Raw;
    using Tails = std::array<BtfTail, 128>;  // by kind
    Btf() = default;
    Status read_header(std::span<const uint8_t> bytes);
    Status index_types();
    [[nodiscard]] Tails tails() const;
    [[nodiscard]] std::optional<Raw> raw(uint32_t id) const;
    [[nodiscard]] std::string_view string(uint32_t offset) const;
    [[nodiscard]] bool string_is(uint32_t offset, std::string_view text) const;
    [[nodiscard]] uint32_t strings_end() const;
    bool find_member(uint32_t id, std::string_view name, int &budget, BtfMember &found) const;

    const Btf *base_ = nullptr;
    std::span<const uint8_t> types_, strings_, layout_;
    std::vector<uint32_t> offsets_;  // into types_, by id - first_id_
    uint32_t first_id_ = 1;
    uint32_t first_string_ = 0;
};

}  // namespace whydrop::kdump
