// SPDX-License-Identifier: GPL-2.0-or-later
// Following types to what they are made of. Bytes may claim any loop, so every walk has a limit.
#include "kdump/btf.h"

namespace whydrop::kdump {

namespace {

// No kernel comes near: chains of typedefs and qualifiers, members of one structure with all its
// anonymous ones.
constexpr int kMaxChain = 64;
constexpr int kMaxMembers = 1 << 16;
constexpr uint64_t kPointerBytes = 8;

bool has_size(BtfKind kind) {
    switch (kind) {
        case BtfKind::integer:
        case BtfKind::pointer:
        case BtfKind::structure:
        case BtfKind::union_:
        case BtfKind::enumeration:
        case BtfKind::enumeration64:
        case BtfKind::floating:
        case BtfKind::data_section:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::optional<BtfMember> Btf::find_member(uint32_t id, std::string_view name) const {
    int budget = kMaxMembers;
    BtfMember found;
    if (name.empty() || !find_member(id, name, budget, found))
        return {};
    return found;
}

bool Btf::find_member(uint32_t id, std::string_view name, int &budget, BtfMember &found) const {
    constexpr int structure_cost = kMaxMembers / 256;  // one inside itself ends after 256 levels
    if ((budget -= structure_cost) < 0)
        return false;
    for (const BtfMember &member : members(strip(id))) {
        if (--budget < 0)
            return false;
        if (member.name == name) {
            found = member;
            return true;
        }
        if (member.name.empty() && find_member(member.type, name, budget, found)) {
            found.bit_offset += member.bit_offset;
            return true;
        }
    }
    return false;
}

uint32_t Btf::strip(uint32_t id) const {
    for (int steps = 0; steps < kMaxChain; steps++) {
        const auto it = type(id);
        if (!it)
            return 0;
        switch (it->kind) {
            case BtfKind::typedef_:
            case BtfKind::const_:
            case BtfKind::volatile_:
            case BtfKind::restrict_:
            case BtfKind::type_tag:
                id = it->target;
                break;
            default:
                return id;
        }
    }
    return 0;
}

std::optional<uint64_t> Btf::size_of(uint32_t id) const {
    uint64_t times = 1, size = 0;
    for (int steps = 0; steps < kMaxChain; steps++) {
        const auto it = type(strip(id));
        if (!it)
            return {};
        if (it->kind == BtfKind::variable) {
            id = it->target;
        } else if (const auto elements = array(it->id)) {
            if (__builtin_mul_overflow(times, uint64_t{elements->count}, &times))
                return {};
            id = elements->element;
        } else {
            const uint64_t one = it->kind == BtfKind::pointer ? kPointerBytes : it->size_bytes;
            if (!has_size(it->kind) || __builtin_mul_overflow(times, one, &size))
                return {};
            return size;
        }
    }
    return {};
}

}  // namespace whydrop::kdump
