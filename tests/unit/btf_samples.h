// SPDX-License-Identifier: GPL-2.0-or-later
// BTF that the unit test asks about and the fuzzer begins with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "btf_builder.h"

namespace whydrop::test {

// One type of each kind, and what refers to what.
struct EveryKind {
    BtfBuilder builder;
    uint32_t integer, pointer, array, inner, outer, signs, typedef_, qualified, variable, function,
        wide;

    EveryKind() {
        using kdump::BtfKind;
        integer = builder.add(BtfKind::integer, "int", 0, 4, {0x01000020});
        pointer = builder.add(BtfKind::pointer, "", 0, integer);
        array = builder.add(BtfKind::array, "", 0, 0, {integer, integer, 7});
        inner = builder.add(BtfKind::union_, "", 2, 4,
                            {builder.name("low"), integer, 0, builder.name("high"), integer, 16});
        outer = builder.add(BtfKind::structure, "outer", 3, 12,
                            {builder.name("first"), pointer, 0, 0, inner, 64, builder.name("flag"),
                             integer, 3u << 24 | 67},
                            true);
        signs = builder.enumeration("signs", {{"MINUS", 0xffffffff}, {"PLUS", 1}}, true);
        builder.add(BtfKind::forward, "later", 0, 0);
        typedef_ = builder.add(BtfKind::typedef_, "outer_t", 0, outer);
        const uint32_t constant = builder.add(BtfKind::const_, "", 0, typedef_);
        const uint32_t volatile_ = builder.add(BtfKind::volatile_, "", 0, constant);
        const uint32_t tag = builder.add(BtfKind::type_tag, "rcu", 0, volatile_);
        qualified = builder.add(BtfKind::restrict_, "", 0, tag);
        const uint32_t proto = builder.add(BtfKind::function_proto, "", 2, 0,
                                           {builder.name("skb"), pointer, 0, integer});
        function = builder.add(BtfKind::function, "kfree", 1, proto);
        variable = builder.add(BtfKind::variable, "pcpu_hot", 0, outer, {1});
        builder.add(BtfKind::data_section, ".data", 1, 12, {variable, 0, 12});
        builder.add(BtfKind::floating, "double", 0, 8);
        builder.add(BtfKind::decl_tag, "tag", 0, outer, {0xffffffff});
        wide = builder.add(BtfKind::enumeration64, "wide", 1, 8, {builder.name("BIG"), 5, 7});
    }
};

// A typedef of itself, a structure of anonymous copies of itself, an array of arrays, a variable
// that is its own type.
struct Loops {
    BtfBuilder builder;
    uint32_t typedef_, structure, array, variable;

    Loops() {
        using kdump::BtfKind;
        typedef_ = builder.add(BtfKind::typedef_, "loop", 0, 1);
        structure = builder.add(BtfKind::structure, "self", 3, 8, {0, 2, 0, 0, 2, 8, 0, 2, 16});
        array = builder.add(BtfKind::array, "", 0, 0, {3, 1, 7});
        variable = builder.add(BtfKind::variable, "v", 0, 4, {0});
    }
};

// A kind that is younger than the reader, described by the layout section; then a known one.
struct Younger {
    BtfBuilder builder;
    uint32_t young, after;
    std::vector<uint8_t> layout;

    Younger() : layout(24 * 4) {
        young = builder.add_raw(23, 0, 2, 0, {1, 2, 3, 4, 5});
        after = builder.add(kdump::BtfKind::typedef_, "after", 0, young);
        layout[23 * 4] = 4;      // info_sz
        layout[23 * 4 + 1] = 8;  // elem_sz, two of them
    }
};

struct BtfSample {
    std::string name;  // of the file in tests/fuzz/corpus/btf
    std::vector<uint8_t> bytes;
};

inline std::vector<BtfSample> btf_samples() {
    const Younger younger;
    return {{"every_kind", EveryKind().builder.bytes()},
            {"loops", Loops().builder.bytes()},
            {"layout", younger.builder.bytes(younger.layout)}};
}

}  // namespace whydrop::test
