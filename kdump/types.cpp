// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/types.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>

namespace whydrop::kdump {

namespace {

constexpr uint64_t most_btf_bytes = 256u << 20;

}  // namespace

Result<std::unique_ptr<Types>> Types::load(const Reader &memory, uint64_t begin, uint64_t end,
                                           const Types *base) {
    if (begin >= end || end - begin > most_btf_bytes)
        return Error{Errc::failed, "the kernel has no BTF",
                     "give its vmlinux with debug information by --vmlinux"};
    auto bytes = memory.bytes(begin, end - begin);
    return bytes ? of(std::move(*bytes), base) : bytes.error();
}

Result<std::unique_ptr<Types>> Types::of(std::vector<uint8_t> bytes, const Types *base) {
    std::unique_ptr<Types> types(new Types);
    types->bytes_ = std::move(bytes);
    auto btf = Btf::parse(types->bytes_, base ? &base->btf() : nullptr);
    if (!btf)
        return btf.error();
    types->btf_.emplace(std::move(*btf));
    types->index();
    return types;
}

namespace {

bool is_enumeration(BtfKind kind) {
    return kind == BtfKind::enumeration || kind == BtfKind::enumeration64;
}

}  // namespace

size_t Types::place_of(std::string_view name) const {
    return std::hash<std::string_view>()(name) & (by_name_.size() - 1);
}

void Types::index() {
    auto ids = btf_->ids_of(
        {BtfKind::structure, BtfKind::union_, BtfKind::enumeration, BtfKind::enumeration64});
    std::erase_if(ids, [this](uint32_t id) { return btf_->type(id)->name.empty(); });
    by_name_.resize(std::bit_ceil(2 * ids.size() + 1));
    for (const uint32_t id : ids) {
        size_t at = place_of(btf_->type(id)->name);
        while (by_name_[at])
            at = (at + 1) & (by_name_.size() - 1);
        by_name_[at] = id;
    }
}

uint32_t Types::find(std::string_view name, bool enumeration) const {
    for (size_t at = place_of(name); by_name_[at]; at = (at + 1) & (by_name_.size() - 1)) {
        const auto type = btf_->type(by_name_[at]);
        if (type && type->name == name && is_enumeration(type->kind) == enumeration)
            return by_name_[at];
    }
    return 0;
}

uint32_t Types::structure(std::string_view name) {
    return find(name, false);
}

uint32_t Types::enumeration(std::string_view name) {
    return find(name, true);
}

std::optional<Field> Types::field(uint32_t structure, std::string_view path) {
    std::string key = std::to_string(structure) + '.';
    key += path;
    if (const auto known = fields_.find(key); known != fields_.end())
        return known->second;
    std::optional<Field> found = Field{0, structure, 0, 0};
    uint64_t bits = 0;
    for (std::string_view rest = path; found && !rest.empty();) {
        const std::string_view part = rest.substr(0, rest.find('.'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const auto member = btf_->find_member(btf_->strip(found->type), part);
        if (!member) {
            found.reset();
            break;
        }
        bits += member->bit_offset;
        found =
            Field{bits / 8, member->type, static_cast<uint32_t>(bits % 8), member->bitfield_bits};
    }
    fields_.emplace(std::move(key), found);
    return found;
}

std::optional<Field> Types::field(std::string_view name, std::string_view path) {
    const uint32_t id = structure(name);
    return id ? field(id, path) : std::nullopt;
}

uint64_t Types::size_of(std::string_view name) {
    const uint32_t id = structure(name);
    return id ? btf_->size_of(id).value_or(0) : 0;
}

std::string Types::enumerator(std::string_view name, uint64_t value) {
    for (const BtfEnumerator &entry : btf_->enumerators(enumeration(name)))
        if (entry.value == value)
            return std::string(entry.name);
    return {};
}

std::vector<BtfEnumerator> Types::enumerators_beside(std::string_view name) {
    for (const uint32_t id : btf_->ids_of({BtfKind::enumeration, BtfKind::enumeration64}))
        for (auto all = btf_->enumerators(id); const BtfEnumerator &entry : all)
            if (entry.name == name)
                return all;
    return {};
}

std::string short_name(std::string_view enumerator, std::string_view prefix) {
    if (enumerator.starts_with(prefix))
        enumerator.remove_prefix(prefix.size());
    std::string name(enumerator);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

Ref Ref::failed(std::string what) const {
    return Ref(Error{Errc::failed, std::move(what), ""});
}

Ref Ref::operator[](std::string_view path) const {
    if (error_)
        return *this;
    const uint32_t plain = types_->btf().strip(type_);
    const auto type = types_->btf().type(plain);
    if (type && type->kind == BtfKind::pointer)
        return target()[path];
    const auto field = types_->field(plain, path);
    if (!field)
        return failed("this kernel's " + std::string(type ? type->name : "type") +
                      " has no field " + std::string(path));
    Ref member(*types_, *memory_, address_ + field->offset_bytes, field->type);
    member.first_bit_ = field->first_bit;
    member.bits_ = field->bits;
    return member;
}

bool Ref::has(std::string_view path) const {
    return ok() && (*this)[path].ok();
}

Ref Ref::any(std::initializer_list<std::string_view> paths) const {
    Ref last = *this;
    for (const std::string_view path : paths) {
        last = (*this)[path];
        if (last.ok())
            break;
    }
    return last;
}

Ref Ref::target() const {
    const auto address = number();
    if (!address)
        return Ref(address.error());
    const auto type = types_->btf().type(types_->btf().strip(type_));
    if (!type || type->kind != BtfKind::pointer)
        return failed("what is no pointer points nowhere");
    if (!*address)
        return failed("a pointer is NULL");
    return {*types_, *memory_, *address, type->target};
}

Ref Ref::at(uint64_t index) const {
    if (error_)
        return *this;
    const Btf &btf = types_->btf();
    const auto type = btf.type(btf.strip(type_));
    if (type && type->kind == BtfKind::pointer) {
        const Ref first = target();
        return first.ok()
                   ? Ref(*types_, *memory_,
                         first.address_ + index * btf.size_of(first.type_).value_or(0), first.type_)
                   : first;
    }
    const auto array = btf.array(btf.strip(type_));
    if (!array)
        return failed("what is no array has no elements");
    return {*types_, *memory_, address_ + index * btf.size_of(array->element).value_or(0),
            array->element};
}

Ref Ref::as(std::string_view structure) const {
    if (error_)
        return *this;
    const uint32_t id = types_->structure(structure);
    return id ? Ref(*types_, *memory_, address_, id)
              : failed("this kernel has no struct " + std::string(structure));
}

Ref Ref::as_pointer_to(std::string_view structure) const {
    const auto address = number();
    if (!address)
        return Ref(address.error());
    if (!*address)
        return failed("a pointer is NULL");
    return Ref(*types_, *memory_, *address, 0).as(structure);
}

Ref Ref::container(std::string_view structure, std::string_view member) const {
    if (error_)
        return *this;
    const auto field = types_->field(structure, member);
    if (!field)
        return failed("this kernel's " + std::string(structure) + " has no field " +
                      std::string(member));
    Ref whole = as(structure);
    whole.address_ -= field->offset_bytes;
    return whole;
}

uint64_t Ref::size_bytes() const {
    return ok() ? types_->btf().size_of(type_).value_or(0) : 0;
}

Result<uint64_t> Ref::number() const {
    if (error_)
        return *error_;
    uint64_t value = 0;
    const uint64_t size = bits_ ? (first_bit_ + bits_ + 7) / 8 : size_bytes();
    if (!size || size > sizeof value)
        return Error{Errc::failed, "a value of " + std::to_string(size) + " bytes is no number",
                     ""};
    if (auto read = memory_->read(address_, {reinterpret_cast<uint8_t *>(&value), size}); !read)
        return read.error();
    if (bits_ && bits_ < 64)
        value = value >> first_bit_ & ((uint64_t{1} << bits_) - 1);
    return value;
}

uint64_t Ref::number_or(uint64_t otherwise) const {
    const auto value = number();
    return value ? *value : otherwise;
}

Result<int64_t> Ref::signed_number() const {
    const auto value = number();
    if (!value)
        return value.error();
    const uint64_t bits = bits_ ? bits_ : size_bytes() * 8;
    const auto shift = static_cast<int>(64 - bits);
    return static_cast<int64_t>(*value << shift) >> shift;
}

Result<std::string> Ref::text() const {
    if (error_)
        return *error_;
    return memory_->text(address_, size_bytes());
}

Status for_each_in_list(const Ref &head, std::string_view structure, std::string_view member,
                        const std::function<bool(const Ref &)> &on_element, size_t most) {
    if (!head.ok())
        return head.error();
    Ref link = head["next"].target();
    // One of those that were seen, further and further on: where the list comes back to it, it
    // never ends (Brent's way to find a cycle).
    uint64_t seen = 0;
    for (size_t i = 0; i < most; i++) {
        if (!link.ok())
            return link.error();
        if (link.address() == head.address())
            return success();
        if (link.address() == seen)
            break;
        if (std::has_single_bit(i + 1))
            seen = link.address();
        if (!on_element(link.container(structure, member)))
            return success();
        link = link["next"].target();
    }
    return Error{Errc::failed, "a list does not end", ""};
}

}  // namespace whydrop::kdump
