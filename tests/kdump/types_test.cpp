// SPDX-License-Identifier: GPL-2.0-or-later
// Typed places in memory: fields, pointers, arrays, bit fields, lists; and values as text.
#include "kdump/types.h"

#include <gtest/gtest.h>

#include "../unit/btf_builder.h"
#include "kallsyms_builder.h"
#include "kdump/type_text.h"
#include "kdump/value_text.h"

namespace whydrop::test {
namespace {

using kdump::BtfKind;
using kdump::Ref;
using kdump::Types;

constexpr uint64_t base = 0xffff888000000000, btf_at = base + 0x10000;

// struct list_head { struct list_head *next, *prev; };
// struct inner { u32 deep; };
// struct thing { u32 id; char name[16]; struct list_head link; union { struct inner in; u32 other;
// };
//                u32 low : 3, high : 5; struct thing *peer; s16 small; u32 numbers[3]; };
struct World {
    PlainMemory memory{base, 0x20000};
    std::unique_ptr<Types> types;
    uint32_t thing = 0;

    World() {
        BtfBuilder btf;
        const uint32_t u32 = btf.add(BtfKind::integer, "unsigned int", 0, 4, {32});
        const uint32_t chr = btf.add(BtfKind::integer, "char", 0, 1, {8});
        const uint32_t s16 = btf.add(BtfKind::integer, "short", 0, 2, {1u << 24 | 16});
        const uint32_t name = btf.add(BtfKind::array, "", 0, 0, {chr, u32, 16});
        const uint32_t list = s16 + 2, to_list = list + 1;
        EXPECT_EQ(btf.add(BtfKind::structure, "list_head", 2, 16,
                          {btf.name("next"), to_list, 0, btf.name("prev"), to_list, 64}),
                  list);
        btf.add(BtfKind::pointer, "", 0, list);
        const uint32_t inner =
            btf.add(BtfKind::structure, "inner", 1, 4, {btf.name("deep"), u32, 0});
        const uint32_t either = btf.add(BtfKind::union_, "", 2, 4,
                                        {btf.name("in"), inner, 0, btf.name("other"), u32, 0});
        const uint32_t numbers = btf.add(BtfKind::array, "", 0, 0, {u32, u32, 3});
        thing = numbers + 2;
        const uint32_t to_thing = btf.add(BtfKind::pointer, "", 0, thing);
        // Offsets in bits; with the flag the upper byte is the width of a bit field.
        EXPECT_EQ(btf.add(BtfKind::structure, "thing", 9, 72,
                          {btf.name("id"),
                           u32,
                           0,
                           btf.name("name"),
                           name,
                           32,
                           btf.name("link"),
                           list,
                           192,
                           0,
                           either,
                           320,
                           btf.name("low"),
                           u32,
                           3u << 24 | 352,
                           btf.name("high"),
                           u32,
                           5u << 24 | 355,
                           btf.name("peer"),
                           to_thing,
                           384,
                           btf.name("small"),
                           s16,
                           448,
                           btf.name("numbers"),
                           numbers,
                           480},
                          true),
                  thing);
        btf.enumeration("colour", {{"RED", 1}, {"GREEN", 7}});
        const auto bytes = btf.bytes();
        memory.put(btf_at, bytes.data(), bytes.size());
        auto loaded = Types::load(memory, btf_at, btf_at + bytes.size());
        EXPECT_TRUE(loaded.ok()) << loaded.error().what;
        types = std::move(*loaded);
    }
    // A thing with every field set.
    Ref put_thing(uint64_t at, uint32_t id, uint64_t peer = 0) {
        memory.put(at, id);
        memory.put(at + 4, "eth0", 5);
        memory.put(at + 40, uint32_t{0x1234});
        memory.put(at + 44, uint32_t{5 | 19u << 3});
        memory.put(at + 48, peer);
        memory.put(at + 56, int16_t{-7});
        for (uint32_t i = 0; i < 3; i++)
            memory.put(at + 60 + i * 4, i + 11);
        return {*types, memory, at, thing};
    }
    void link(uint64_t at, uint64_t next) { memory.put(at + 24, next); }
};

uint64_t number(const Ref &ref) {
    const auto value = ref.number();
    EXPECT_TRUE(value.ok()) << (value ? "" : value.error().what);
    return value ? *value : 0;
}

TEST(Ref, ReadsEachKindOfField) {
    World world;
    const Ref other = world.put_thing(base + 0x400, 23);
    const Ref thing = world.put_thing(base, 17, other.address());
    EXPECT_EQ(number(thing["id"]), 17u);
    EXPECT_EQ(*thing["name"].text(), "eth0");
    EXPECT_EQ(number(thing["in.deep"]), 0x1234u) << "through a union without a name";
    EXPECT_EQ(number(thing["other"]), 0x1234u);
    EXPECT_EQ(number(thing["low"]), 5u);
    EXPECT_EQ(number(thing["high"]), 19u);
    EXPECT_EQ(*thing["small"].signed_number(), -7);
    EXPECT_EQ(number(thing["numbers"].at(2)), 13u);
    EXPECT_EQ(number(thing["peer"]["id"]), 23u) << "through a pointer";
    EXPECT_EQ(number(thing.any({"name_of_old", "id"})), 17u);
    EXPECT_TRUE(thing.has("id"));
    EXPECT_FALSE(thing.has("di"));
    EXPECT_EQ(number(thing["link"].container("thing", "link")["id"]), 17u);
    EXPECT_EQ(world.types->enumerator("colour", 7), "GREEN");
    EXPECT_EQ(world.types->enumerator("colour", 8), "");
}

TEST(TypeText, IsWhatCWouldWrite) {
    BtfBuilder btf;
    const uint32_t number = btf.add(BtfKind::integer, "int", 0, 4, {32});
    const uint32_t sock = btf.add(BtfKind::structure, "sock", 0, 0);
    const uint32_t to_sock = btf.add(BtfKind::pointer, "", 0, sock);
    const uint32_t fixed = btf.add(BtfKind::const_, "", 0, number);
    const uint32_t to_fixed = btf.add(BtfKind::pointer, "", 0, fixed);
    const uint32_t fixed_pointer = btf.add(BtfKind::const_, "", 0, to_sock);
    const uint32_t row = btf.add(BtfKind::array, "", 0, 0, {to_sock, number, 3});
    const uint32_t rows = btf.add(BtfKind::array, "", 0, 0, {row, number, 2});
    const uint32_t call =
        btf.add(BtfKind::function_proto, "", 2, number, {0, to_sock, 0, to_fixed});
    const uint32_t to_call = btf.add(BtfKind::pointer, "", 0, call);
    const uint32_t calls = btf.add(BtfKind::array, "", 0, 0, {to_call, number, 5});
    const uint32_t nothing = btf.add(BtfKind::function_proto, "", 0, 0);
    const uint32_t to_nothing = btf.add(BtfKind::pointer, "", 0, nothing);
    const uint32_t to_row = btf.add(BtfKind::pointer, "", 0, row);
    const uint32_t name = btf.add(BtfKind::typedef_, "u32", 0, number);
    const uint32_t either = btf.add(BtfKind::union_, "", 0, 0);
    const uint32_t loop = btf.add(BtfKind::pointer, "", 0, either + 1);
    const auto bytes = btf.bytes();
    const auto parsed = kdump::Btf::parse(bytes);
    ASSERT_TRUE(parsed) << parsed.error().what;
    const struct {
        uint32_t type;
        const char *text;
    } rows_of[] = {
        {0, "void"},
        {number, "int"},
        {to_sock, "struct sock *"},
        {to_fixed, "const int *"},
        {fixed_pointer, "struct sock *const"},
        {row, "struct sock *[3]"},
        {rows, "struct sock *[2][3]"},
        {call, "int (struct sock *, const int *)"},
        {to_call, "int (*)(struct sock *, const int *)"},
        {calls, "int (*[5])(struct sock *, const int *)"},
        {to_nothing, "void (*)(void)"},
        {to_row, "struct sock *(*)[3]"},
        {name, "u32"},
        {either, "union {...}"},
        {loop, "? *****************"},
        {loop + 17, "?"},
    };
    for (const auto &row_of : rows_of)
        EXPECT_EQ(kdump::type_text(*parsed, row_of.type), row_of.text);
}

TEST(Ref, KeepsTheReasonWhyItFailed) {
    World world;
    const Ref thing = world.put_thing(base, 17);
    const struct {
        const char *sentence;
        Result<uint64_t> result;
        const char *what;
    } rows[] = {
        {"no such field, and a step beyond", thing["nosuch"]["more"].number(), "no field nosuch"},
        {"a pointer to nowhere", thing["peer"]["id"].number(), "NULL"},
        {"a structure is no number", thing["link"].number(), "16 bytes"},
        {"no such type", thing.as("nosuch")["id"].number(), "no struct nosuch"},
        {"memory that is missing",
         Ref(*world.types, world.memory, base - 8, world.thing)["id"].number(), "not there"},
    };
    for (const auto &row : rows) {
        ASSERT_FALSE(row.result.ok()) << row.sentence;
        EXPECT_NE(row.result.error().what.find(row.what), std::string::npos)
            << row.sentence << ": " << row.result.error().what;
    }
}

std::vector<uint64_t> ids_in_list(World &world, uint64_t head, Status &done, size_t most = 100) {
    std::vector<uint64_t> ids;
    const Ref list = Ref(*world.types, world.memory, head, 0).as("list_head");
    done = for_each_in_list(
        list, "thing", "link",
        [&](const Ref &thing) {
            const auto id = thing["id"].number();
            ids.push_back(id ? *id : 0);
            return true;
        },
        most);
    return ids;
}

TEST(List, IsWalkedToItsEndAndNoFurther) {
    World world;
    const uint64_t head = base + 0x800;
    world.put_thing(base, 3), world.put_thing(base + 0x100, 5), world.put_thing(base + 0x200, 7);
    world.memory.put(head, base + 24);
    world.link(base, base + 0x100 + 24);
    world.link(base + 0x100, base + 0x200 + 24);
    world.link(base + 0x200, head);
    Status done = success();
    EXPECT_EQ(ids_in_list(world, head, done), (std::vector<uint64_t>{3, 5, 7}));
    EXPECT_TRUE(done.ok());

    world.memory.put(head, head);
    EXPECT_TRUE(ids_in_list(world, head, done).empty()) << "an empty one";
    EXPECT_TRUE(done.ok());

    world.memory.put(head, base + 24);
    world.link(base + 0x200, base + 24);
    EXPECT_EQ(ids_in_list(world, head, done).size(), 6u) << "one that bites its tail";
    EXPECT_FALSE(done.ok());

    world.link(base + 0x200, base + 0x900000);
    ids_in_list(world, head, done);
    EXPECT_FALSE(done.ok()) << "one that leads out of the memory";
}

TEST(ValueText, SaysWhatTheBytesHold) {
    World world;
    world.put_thing(base, 17);
    const auto bytes = world.memory.bytes();
    const std::span<const uint8_t> thing(bytes.data(), 72);
    EXPECT_EQ(kdump::value_text(world.types->btf(), world.thing, thing),
              "{id = 17, name = \"eth0\", {in = {deep = 4660}, other = 4660}, low = 5, high = 19, "
              "small = -7, numbers = [11, 12, 13]}");
    EXPECT_EQ(kdump::value_text(world.types->btf(), world.thing, thing.first(30)),
              "{id = 17, name = \"eth0\", link = ?, ?, low = ?, high = ?, peer = ?, small = ?, "
              "numbers = ?}");
    EXPECT_EQ(kdump::bytes_text(thing.first(4)), "11 00 00 00");
}

}  // namespace
}  // namespace whydrop::test
