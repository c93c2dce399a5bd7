// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/btf.h"

#include <algorithm>
#include <bitset>
#include <cstring>

namespace whydrop::kdump {

namespace {

constexpr uint16_t kMagic = 0xeb9f;
constexpr uint16_t kMagicSwapped = 0x9feb;
constexpr uint32_t kTypeBytes = 12;  // struct btf_type: name_off, info, size or type

// Of kind 0, which no record has, and of those that nobody described. Sizes are multiples of 4.
constexpr BtfTail kUnknownTail = {255, 255};
constexpr BtfTail kTails[] = {
    kUnknownTail, {4, 0},   // integer: encoding
    {0, 0},                 // pointer
    {12, 0},                // array: element, index, count
    {0, 12},      {0, 12},  // structure, union_: name, type, offset
    {0, 8},                 // enumeration: name, value
    {0, 0},                 // forward
    {0, 0},       {0, 0},   // typedef_, volatile_
    {0, 0},       {0, 0},   // const_, restrict_
    {0, 0},                 // function
    {0, 8},                 // function_proto: name, type
    {4, 0},                 // variable: linkage
    {0, 12},                // data_section: type, offset, size
    {0, 0},                 // floating
    {4, 0},                 // decl_tag: component
    {0, 0},                 // type_tag
    {0, 12},                // enumeration64: name, low, high
};

uint32_t load32(const uint8_t *at) {
    uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

uint16_t load16(const uint8_t *at) {
    uint16_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

// Kernels before 7.1 keep the bits between the two fields zero.
uint32_t entries_of(uint32_t info) {
    return info & 0xffffff;
}
uint32_t kind_of(uint32_t info) {
    return (info >> 24) & 0x7f;
}

Error bad(const std::string &what) {
    return {Errc::failed, "bad BTF: " + what, ""};
}

// A section of `length` at `offset` behind the header; nothing when it reaches past the end.
std::optional<std::span<const uint8_t>> section(std::span<const uint8_t> body, uint32_t offset,
                                                uint32_t length) {
    if (offset > body.size() || length > body.size() - offset)
        return {};
    return body.subspan(offset, length);
}

bool refers(BtfKind kind) {
    switch (kind) {
        case BtfKind::pointer:
        case BtfKind::typedef_:
        case BtfKind::volatile_:
        case BtfKind::const_:
        case BtfKind::restrict_:
        case BtfKind::function:
        case BtfKind::function_proto:
        case BtfKind::variable:
        case BtfKind::decl_tag:
        case BtfKind::type_tag:
            return true;
        default:
            return false;
    }
}

}  // namespace

// One record, known to lie in types_ with everything that belongs to it.
struct Btf::Raw {
    const uint8_t *at;
    uint32_t name, entries, word;
    BtfKind kind;
    bool flag;

    [[nodiscard]] const uint8_t *tail() const { return at + kTypeBytes; }
};

Result<Btf> Btf::parse(std::span<const uint8_t> bytes, const Btf *base) {
    Btf btf;
    if (base != nullptr) {
        btf.base_ = base;
        btf.first_id_ = base->end_id();
        btf.first_string_ = base->strings_end();
    }
    if (Status status = btf.read_header(bytes); !status)
        return status.error();
    if (Status status = btf.index_types(); !status)
        return status.error();
    return btf;
}

Status Btf::read_header(std::span<const uint8_t> bytes) {
    constexpr uint32_t header_bytes = 24, header_bytes_with_layout = 32;
    if (bytes.size() < header_bytes)
        return bad("shorter than its header");
    const uint16_t magic = load16(bytes.data());
    if (magic == kMagicSwapped)
        return bad("it is of a machine of the other byte order");
    if (magic != kMagic)
        return bad("it does not begin with the magic number");
    if (bytes[2] != 1)
        return bad("version " + std::to_string(bytes[2]) + ", only 1 is known");
    const uint32_t length = load32(&bytes[4]);
    if (length < header_bytes || length > bytes.size())
        return bad("header length " + std::to_string(length));
    const auto body = bytes.subspan(length);
    const auto types = section(body, load32(&bytes[8]), load32(&bytes[12]));
    const auto strings = section(body, load32(&bytes[16]), load32(&bytes[20]));
    if (!types || !strings)
        return bad("a section reaches past the end");
    if (!strings->empty() && strings->back() != 0)
        return bad("the last name has no end");
    types_ = *types;
    strings_ = *strings;
    if (length >= header_bytes_with_layout)
        layout_ = section(body, load32(&bytes[24]), load32(&bytes[28]))
                      .value_or(std::span<const uint8_t>{});
    return success();
}

// The tails of all kinds there can be: the layout section tells them for those that are younger
// than this reader.
Btf::Tails Btf::tails() const {
    constexpr size_t entry_bytes = 4;  // struct btf_layout: info_sz, elem_sz, flags
    Tails all;
    for (size_t kind = 0; kind < all.size(); kind++) {
        if (kind < std::size(kTails))
            all[kind] = kTails[kind];
        else if (layout_.size() >= (kind + 1) * entry_bytes)
            all[kind] = {layout_[kind * entry_bytes], layout_[kind * entry_bytes + 1]};
        else
            all[kind] = kUnknownTail;
    }
    return all;
}

// This loop is most of what opening BTF costs: 10 ns for each of some 130000 types.
Status Btf::index_types() {
    constexpr size_t usual_bytes = 24;  // of a record, in kernels of today
    const Tails all = tails();
    const uint8_t *const begin = types_.data();
    const uint8_t *const end = begin + types_.size();
    offsets_.reserve(types_.size() / usual_bytes);
    for (const uint8_t *at = begin; at != end;) {
        if (end - at < kTypeBytes)
            return bad("the last type is cut");
        const uint32_t info = load32(at + 4);
        const BtfTail tail = all[kind_of(info)];
        if (tail == kUnknownTail)
            return bad("kind " + std::to_string(kind_of(info)) + " of type " +
                       std::to_string(end_id()) + " is not known");
        const uint32_t bytes = kTypeBytes + tail.fixed + tail.each * entries_of(info);
        if (bytes > static_cast<size_t>(end - at))
            return bad("type " + std::to_string(end_id()) + " reaches past the end");
        offsets_.push_back(static_cast<uint32_t>(at - begin));
        at += bytes;
    }
    return success();
}

uint32_t Btf::strings_end() const {
    return first_string_ + static_cast<uint32_t>(strings_.size());
}

std::string_view Btf::string(uint32_t offset) const {
    if (offset < first_string_)
        return base_->string(offset);
    offset -= first_string_;
    if (offset >= strings_.size())
        return {};
    // read_header() has seen the zero at the end.
    return reinterpret_cast<const char *>(&strings_[offset]);
}

bool Btf::string_is(uint32_t offset, std::string_view text) const {
    if (offset < first_string_)
        return base_->string_is(offset, text);
    offset -= first_string_;
    if (offset >= strings_.size() || strings_.size() - offset <= text.size())
        return false;
    const uint8_t *at = &strings_[offset];
    return at[text.size()] == 0 && std::equal(text.begin(), text.end(), at);
}

std::optional<Btf::Raw> Btf::raw(uint32_t id) const {
    if (id < first_id_)
        return base_ != nullptr ? base_->raw(id) : std::nullopt;
    if (id >= end_id())
        return {};
    const uint8_t *at = &types_[offsets_[id - first_id_]];
    const uint32_t info = load32(at + 4);
    const uint32_t kind = kind_of(info);
    return Raw{at,
               load32(at),
               entries_of(info),
               load32(at + 8),
               static_cast<BtfKind>(kind),
               (info >> 31) != 0};
}

std::optional<BtfType> Btf::type(uint32_t id) const {
    const auto record = raw(id);
    if (!record)
        return {};
    BtfType type{id, record->kind, string(record->name), 0, 0, record->entries, record->flag};
    (refers(record->kind) ? type.target : type.size_bytes) = record->word;
    if (record->kind == BtfKind::array || record->kind == BtfKind::forward)
        type.size_bytes = 0;
    return type;
}

uint32_t Btf::find(BtfKind kind, std::string_view name) const {
    const auto wanted = static_cast<uint32_t>(kind);
    for (size_t i = 0; i < offsets_.size(); i++) {
        const uint8_t *at = &types_[offsets_[i]];
        if (kind_of(load32(at + 4)) == wanted && string_is(load32(at), name))
            return first_id_ + static_cast<uint32_t>(i);
    }
    return base_ != nullptr ? base_->find(kind, name) : 0;
}

uint32_t Btf::find_enumeration(std::string_view name) const {
    const uint32_t id = find(BtfKind::enumeration, name);
    return id != 0 ? id : find(BtfKind::enumeration64, name);
}

std::vector<uint32_t> Btf::ids_of(std::initializer_list<BtfKind> kinds) const {
    std::vector<uint32_t> ids;
    std::bitset<std::tuple_size_v<Tails>> wanted;
    for (const BtfKind kind : kinds)
        wanted.set(static_cast<size_t>(kind));
    for (size_t i = 0; i < offsets_.size(); i++)
        if (wanted[kind_of(load32(&types_[offsets_[i] + 4]))])
            ids.push_back(first_id_ + static_cast<uint32_t>(i));
    return ids;
}

std::vector<BtfEnumerator> Btf::enumerators(uint32_t id) const {
    std::vector<BtfEnumerator> result;
    const auto record = raw(id);
    if (!record)
        return result;
    const bool wide = record->kind == BtfKind::enumeration64;
    if (!wide && record->kind != BtfKind::enumeration)
        return result;
    result.reserve(record->entries);
    const uint32_t step = kTails[static_cast<size_t>(record->kind)].each;
    const uint8_t *at = record->tail();
    for (uint32_t i = 0; i < record->entries; i++, at += step) {
        uint64_t value = load32(at + 4);
        if (wide)
            value |= uint64_t{load32(at + 8)} << 32;
        else if (record->flag)
            value = static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
        result.push_back({string(load32(at)), value});
    }
    return result;
}

std::vector<BtfParameter> Btf::parameters(uint32_t id) const {
    std::vector<BtfParameter> result;
    const auto record = raw(id);
    if (!record || record->kind != BtfKind::function_proto)
        return result;
    result.reserve(record->entries);
    const uint8_t *at = record->tail();
    for (uint32_t i = 0; i < record->entries; i++, at += 8)
        result.push_back({string(load32(at)), load32(at + 4)});
    return result;
}

std::vector<BtfMember> Btf::members(uint32_t id) const {
    std::vector<BtfMember> result;
    const auto record = raw(id);
    if (!record || (record->kind != BtfKind::structure && record->kind != BtfKind::union_))
        return result;
    result.reserve(record->entries);
    const uint8_t *at = record->tail();
    for (uint32_t i = 0; i < record->entries; i++, at += 12) {
        const uint32_t offset = load32(at + 8);
        BtfMember member{string(load32(at)), load32(at + 4), offset, 0};
        if (record->flag) {  // then the top byte is the width of a bit field
            member.bit_offset = offset & 0xffffff;
            member.bitfield_bits = offset >> 24;
        }
        result.push_back(member);
    }
    return result;
}

bool Btf::is_signed(uint32_t id) const {
    constexpr uint32_t signed_bit = 1u << 24;
    const auto record = raw(id);
    if (!record)
        return false;
    return record->kind == BtfKind::integer ? (load32(record->tail()) & signed_bit) != 0
                                            : type(id)->flag;
}

std::optional<BtfArray> Btf::array(uint32_t id) const {
    const auto record = raw(id);
    if (!record || record->kind != BtfKind::array)
        return {};
    return BtfArray{load32(record->tail()), load32(record->tail() + 8)};
}

}  // namespace whydrop::kdump
