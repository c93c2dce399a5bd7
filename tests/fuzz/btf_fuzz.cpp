// SPDX-License-Identifier: GPL-2.0-or-later
// The BTF reader over any bytes, alone and as the base of a split BTF of the same bytes.
#include <cstddef>
#include <cstdint>
#include <span>

#include "kdump/btf.h"
#include "kdump/type_text.h"
#include "kdump/value_text.h"

using whydrop::kdump::Btf;
using whydrop::kdump::BtfKind;

namespace {

constexpr uint8_t some_bytes[] = "eth0\0\0\0\0\x01\x02\x03\x04\xff\xff\xff\xff";

size_t walk(const Btf &btf) {
    constexpr uint32_t enough = 31;  // types: more of them find nothing new and take long
    size_t seen = btf.find(BtfKind::typedef_, "btf_trace_kfree_skb") +
                  btf.find_enumeration("skb_drop_reason") + btf.ids_of(BtfKind::function).size();
    for (uint32_t id = 0; id <= btf.end_id() && id < enough; id++) {
        const auto type = btf.type(id);
        if (type)
            seen += type->name.size();
        for (const auto &one : btf.enumerators(id))
            seen += one.name.size();
        for (const auto &one : btf.parameters(id))
            seen += one.name.size();
        for (const auto &one : btf.members(id))
            seen += one.name.size();
        if (type && (type->kind == BtfKind::structure || type->kind == BtfKind::union_))
            seen += btf.find_member(id, "dev").has_value();
        seen += btf.array(id).has_value();
        seen += whydrop::kdump::type_text(btf, id).size();
        seen += whydrop::kdump::value_text(btf, id, some_bytes).size();
        seen += btf.strip(id);
        seen += btf.size_of(id).value_or(0);
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::span<const uint8_t> bytes(data, size);
    const auto btf = Btf::parse(bytes);
    if (!btf)
        return 0;
    volatile size_t seen = walk(*btf);
    if (const auto split = Btf::parse(bytes, &*btf))
        seen = walk(*split);
    (void)seen;
    return 0;
}
