// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind_world.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace whydrop::test {

namespace {

using kdump::OrcBase;
using kdump::OrcEntry;
using kdump::OrcLayout;
using kdump::OrcType;
using kdump::Register;

constexpr uint64_t most_rows = 16;
constexpr Register realigning[] = {Register::ax, Register::dx, Register::di, Register::r10,
                                   Register::r13};
constexpr uint64_t kernel_cs = 0x10, user_cs = 0x33;

std::string offset_text(char name, uint64_t offset) {
    char text[32];
    std::snprintf(text, sizeof text, "%c+0x%llx", name, static_cast<unsigned long long>(offset));
    return text;
}

std::string function_text(char name, uint64_t offset) {
    const std::string text = offset_text(name, offset % function_bytes);
    return text.substr(0, 1) + std::to_string(offset / function_bytes) + text.substr(1);
}

unsigned number_of(OrcLayout layout, OrcBase base) {
    const bool v3 = layout == OrcLayout::v3;
    switch (base) {
        case OrcBase::undefined:
            return 0;
        case OrcBase::previous_sp:
            return v3 ? 8 : 1;
        case OrcBase::sp:
            return v3 ? 3 : 5;
        case OrcBase::bp:
            return 4;
        case OrcBase::sp_indirect:
            return 9;
        case OrcBase::bp_indirect:
            return v3 ? 10 : 8;
        case OrcBase::ax:
            return v3 ? 1 : 10;
        case OrcBase::dx:
            return 2;
        case OrcBase::di:
            return v3 ? 5 : 3;
        case OrcBase::r10:
            return 6;
        case OrcBase::r13:
            return 7;
    }
    return 15;
}

// The bits from 8 on.
unsigned rest_of(OrcLayout layout, const OrcEntry &entry) {
    const unsigned type = static_cast<unsigned>(entry.type);  // in the order of v2's numbers
    const unsigned signal = entry.signal ? 1 : 0;
    const unsigned end = entry.type == OrcType::end_of_stack ? 1 : 0;
    const unsigned old_type = type >= 2 ? type - 2 : 0;
    if (layout == OrcLayout::v1)
        return old_type | end << 2;
    if (layout == OrcLayout::v1_signal)
        return old_type | signal << 2 | end << 3;
    return type | signal << 3;
}

template <typename T>
void append(std::vector<uint8_t> &to, T value) {
    const auto *bytes = reinterpret_cast<const uint8_t *>(&value);
    to.insert(to.end(), bytes, bytes + sizeof value);
}

// Takes bytes off the front, as many as there are.
std::vector<uint8_t> take(std::span<const uint8_t> &from, uint64_t bytes) {
    const auto part = from.first(std::min<size_t>(bytes, from.size()));
    from = from.subspan(part.size());
    return {part.begin(), part.end()};
}

uint64_t take_word(std::span<const uint8_t> &from) {
    uint64_t word = 0;
    const auto bytes = take(from, sizeof word);
    if (!bytes.empty())
        std::memcpy(&word, bytes.data(), bytes.size());
    return word;
}

}  // namespace

std::string place(uint64_t address) {
    if (address - text_begin < text_bytes)
        return function_text('f', address - text_begin);
    if (address - other_begin <= other_bytes)
        return function_text('g', address - other_begin);
    if (address - stack_begin <= most_stack_bytes)
        return offset_text('s', address - stack_begin);
    if (address - irq_begin <= most_irq_bytes)
        return offset_text('i', address - irq_begin);
    return offset_text('?', address).substr(2);
}

std::vector<uint8_t> encode(OrcLayout layout, const OrcEntry &entry) {
    std::vector<uint8_t> bytes;
    append(bytes, entry.sp_offset);
    append(bytes, entry.bp_offset);
    const bool no_base = entry.type == OrcType::undefined || entry.type == OrcType::end_of_stack;
    const unsigned sp = no_base ? 0 : number_of(layout, entry.sp);
    append(bytes, static_cast<uint16_t>(sp | number_of(layout, entry.bp) << 4 |
                                        rest_of(layout, entry) << 8));
    return bytes;
}

Status FakeMemory::read(uint64_t address, std::span<uint8_t> to) const {
    reads++;
    bytes_read += to.size();
    for (const Piece &piece : pieces) {
        const uint64_t offset = address - piece.begin;
        if (offset <= piece.bytes.size() && to.size() <= piece.bytes.size() - offset) {
            std::copy_n(piece.bytes.begin() + static_cast<ptrdiff_t>(offset), to.size(),
                        to.begin());
            return success();
        }
    }
    return Error{Errc::failed, place(address) + " is missing", ""};
}

World::World(OrcLayout layout)
    : layout_(layout),
      text_(text_bytes, 0x90),
      other_(other_bytes, 0x90),
      irq_(most_irq_bytes),
      stack_(most_stack_bytes) {}

void World::row(uint64_t address, const OrcEntry &entry) {
    append(ips_, static_cast<int32_t>(address - (ips_begin + ips_.size())));
    const auto bytes = encode(layout_, entry);
    entries_.insert(entries_.end(), bytes.begin(), bytes.end());
    rows_++;
}

std::vector<uint8_t> *World::bytes_at(uint64_t address, uint64_t &begin) {
    const std::pair<uint64_t, std::vector<uint8_t> *> all[] = {
        {text_begin, &text_}, {other_begin, &other_}, {irq_begin, &irq_}, {stack_begin, &stack_}};
    for (const auto &[first, bytes] : all) {
        begin = first;
        if (address - first < bytes->size())
            return bytes;
    }
    return nullptr;
}

void World::write(uint64_t address, std::span<const uint8_t> bytes) {
    uint64_t begin = 0;
    std::vector<uint8_t> *to = bytes_at(address, begin);
    if (to == nullptr || bytes.size() > to->size() - (address - begin)) {
        std::fprintf(stderr, "a test writes outside of its world, at %s\n", place(address).c_str());
        std::abort();
    }
    std::copy(bytes.begin(), bytes.end(), to->begin() + static_cast<ptrdiff_t>(address - begin));
}

uint64_t World::call(uint64_t at, uint64_t target) {
    const uint64_t next = at + 5;
    std::vector<uint8_t> code = {0xe8};
    append(code, static_cast<int32_t>(target - next));
    write(at, code);
    return next;
}

uint64_t World::call_register(uint64_t at) {
    write(at, std::array<uint8_t, 2>{0xff, 0xd0});
    return at + 2;
}

void World::put(uint64_t address, std::initializer_list<uint64_t> words) {
    std::vector<uint8_t> bytes;
    for (const uint64_t word : words)
        append(bytes, word);
    write(address, bytes);
}

void World::put_registers(uint64_t address, uint64_t ip, uint64_t sp, uint64_t bp, bool user) {
    put(address + 4 * sizeof bp, {bp});
    put_iret_frame(address + 16 * sizeof bp, ip, sp, user);
}

void World::put_iret_frame(uint64_t address, uint64_t ip, uint64_t sp, bool user) {
    put(address, {ip, user ? user_cs : kernel_cs, 0x246, sp, 0x18});
}

void World::start_at(uint64_t ip, uint64_t sp, uint64_t bp) {
    start.set(Register::ip, ip);
    start.set(Register::sp, sp);
    start.set(Register::bp, bp);
    start.set(Register::cs, kernel_cs);
}

// A byte of flags, how many rows, cs; ip, sp, bp, and one word for the registers that may hold a
// stack pointer; then everything that there is.
std::vector<uint8_t> World::image() const {
    std::vector<uint8_t> bytes = {
        static_cast<uint8_t>(static_cast<unsigned>(layout_) | unsigned{sleeping} << 2 |
                             unsigned{limits_known} << 3 | unsigned{other_has_table} << 4 |
                             unsigned{other_is_text} << 5),
        static_cast<uint8_t>(rows_), static_cast<uint8_t>(start.get(Register::cs).value_or(0))};
    for (const Register which : {Register::ip, Register::sp, Register::bp})
        append(bytes, start.get(which).value_or(0));
    uint64_t base = 0;
    for (const Register which : realigning)
        base = start.get(which).value_or(base);
    append(bytes, base);
    for (const auto *part : {&ips_, &entries_, &text_, &other_, &irq_, &stack_})
        bytes.insert(bytes.end(), part->begin(), part->end());
    return bytes;
}

World World::from_image(std::span<const uint8_t> image) {
    const auto head = take(image, 3);
    const unsigned flags = head.empty() ? 0 : head[0];
    World world(static_cast<OrcLayout>(flags & 3));
    world.sleeping = (flags & 4) != 0;
    world.limits_known = (flags & 8) != 0;
    world.other_has_table = (flags & 16) != 0;
    world.other_is_text = (flags & 32) != 0;
    world.rows_ = head.size() < 2 ? 0 : head[1] % (most_rows + 1);
    world.start.set(Register::cs, head.size() < 3 ? 0 : head[2]);
    for (const Register which : {Register::ip, Register::sp, Register::bp})
        world.start.set(which, take_word(image));
    const uint64_t base = take_word(image);
    for (const Register which : realigning)
        world.start.set(which, base);
    world.ips_ = take(image, world.rows_ * sizeof(int32_t));
    world.entries_ = take(image, world.rows_ * kdump::orc_entry_bytes);
    world.text_ = take(image, text_bytes);
    world.other_ = take(image, other_bytes);
    world.irq_ = take(image, most_irq_bytes);
    world.stack_ = take(image, most_stack_bytes);
    return world;
}

FakeMemory World::memory() const {
    FakeMemory memory;
    memory.pieces = {{text_begin, text_},   {other_begin, other_}, {irq_begin, irq_},
                     {stack_begin, stack_}, {ips_begin, ips_},     {entries_begin, entries_}};
    return memory;
}

kdump::Backtrace World::unwind() const {
    const FakeMemory there = memory();
    std::vector<kdump::OrcTable> tables = {
        {text_begin, text_begin + text_bytes, ips_begin, entries_begin, rows_}};
    if (other_has_table)
        tables.push_back({other_begin, other_begin + other_bytes, ips_begin, entries_begin, rows_});
    const bool knows_other = other_is_text;
    const auto unwinder =
        kdump::Unwinder::open(there, tables, layout_, [knows_other](uint64_t address) {
            return knows_other && address - other_begin < other_bytes;
        });
    if (!unwinder)
        return {{}, unwinder.error().what, false, {}};
    std::optional<kdump::StackLimits> limits;
    if (limits_known)
        limits = {stack_begin, stack_begin + most_stack_bytes};
    return sleeping ? unwinder->unwind_sleeping(start.sp(), inactive_frame(), limits)
                    : unwinder->unwind(start, limits);
}

std::string text_of(const kdump::Backtrace &trace) {
    constexpr const char *kinds[] = {"top", "call", "exception", "guessed"};
    std::string text;
    for (const kdump::Frame &frame : trace.frames) {
        const bool usual =
            frame.kind == kdump::FrameKind::top || frame.kind == kdump::FrameKind::exception;
        text += kinds[static_cast<size_t>(frame.kind)];
        if (frame.exact != usual)
            text += frame.exact ? " exact" : " behind";
        text += " " + place(frame.ip) + " " + place(frame.sp) + "; ";
    }
    for (size_t at = 0, from = 0; from < trace.ended.size(); from = at) {
        at = std::min(trace.ended.find("0x", from), trace.ended.size());
        text += trace.ended.substr(from, at - from);
        if (at == trace.ended.size())
            break;
        // A place that memory has named already stands behind its '+'.
        const bool named = at > 0 && trace.ended[at - 1] == '+';
        char *end = nullptr;
        const uint64_t number = std::strtoull(&trace.ended[at], &end, 16);
        const auto length = static_cast<size_t>(end - &trace.ended[at]);
        text += named ? trace.ended.substr(at, length) : place(number);
        at += length;
    }
    return text;
}

}  // namespace whydrop::test
