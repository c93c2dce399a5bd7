// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols, types and memory, for whoever goes on by hand.
#include <algorithm>
#include <cstring>

#include "kdump/type_text.h"
#include "kdump/value_text.h"
#include "source/debuginfo/locations.h"
#include "source/vmcore/state.h"

namespace whydrop {

namespace {

using namespace kdump;

constexpr uint64_t most_words = 1u << 20;
constexpr uint64_t most_struct_bytes = 1u << 20;

// "ffffffff81000000", "0xffff...", "name", "name+0x10". A name wins over digits.
Result<uint64_t> address_of(Kernel &kernel, const std::string &text) {
    const std::string name = text.substr(0, text.find('+'));
    uint64_t offset = 0;
    if (name.size() < text.size()) {
        const auto parsed = number_of_hex(text.substr(name.size() + 1));
        if (!parsed)
            return Error{Errc::usage, "'" + text + "' has no number behind the +", ""};
        offset = *parsed;
    }
    if (const uint64_t address = kernel.address_of(name))
        return address + offset;
    const auto number = number_of_hex(name);
    if (!number)
        return Error{Errc::usage,
                     "neither this kernel nor a module of it has a symbol '" + name + "'",
                     "an address is hexadecimal: 0xffffffff81000000"};
    return *number + offset;
}

// Of a bit field.
Value bits_at(std::span<const uint8_t> bytes, const BtfMember &member) {
    uint64_t whole = 0;
    const uint64_t begin = member.bit_offset / 8;
    if (begin >= bytes.size())
        return {};
    std::memcpy(&whole, bytes.data() + begin, std::min(sizeof whole, bytes.size() - begin));
    const uint64_t mask =
        member.bitfield_bits < 64 ? (uint64_t{1} << member.bitfield_bits) - 1 : ~uint64_t{0};
    return whole >> member.bit_offset % 8 & mask;
}

Error type_missing(const std::string &type) {
    return {Errc::usage, "this kernel has no type '" + type + "'",
            "structures and unions are called by their tag: task_struct, sk_buff"};
}

}  // namespace

Result<Section> Vmcore::symbol(const std::string &text) {
    const auto address = address_of(*state_->kernel, text);
    if (!address)
        return address.error();
    Section section;
    section.type = "symbol";
    section.columns = {{"address", "ADDRESS", ValueForm::hex}, {"symbol", "SYMBOL"}};
    const std::string name = state_->kernel->name_of(*address);
    const auto &lines = state_->source.at(*state_->kernel, *address);
    if (lines.empty()) {
        section.rows.push_back({*address, name});
        return section;
    }
    section.shape = SectionShape::lines;
    for (DocumentColumn &column : line_columns())
        section.columns.push_back(std::move(column));
    section.columns.push_back({"text", ""});
    for (const SourceLine &line : lines) {
        std::vector<Value> row = {*address, name};
        for (Value &cell : line_cells(line))
            row.push_back(std::move(cell));
        row.push_back(hex(*address) + "  " + line_text(line, name));
        section.rows.push_back(std::move(row));
    }
    return section;
}

std::pair<Types *, std::string> Vmcore::State::types_with(const std::string &structure) {
    if (kernel->types().structure(structure))
        return {&kernel->types(), ""};
    for (const ModuleTypes &each : module_types())
        if (each.types->structure(structure))
            return {each.types.get(), each.module};
    return {nullptr, ""};
}

Result<Section> Vmcore::structure(const std::string &type, const std::string &where) {
    Kernel &kernel = *state_->kernel;
    const auto [types, module] = state_->types_with(type);
    if (!types)
        return type_missing(type);
    const uint32_t id = types->structure(type);
    const Btf &btf = types->btf();
    const uint64_t size = std::min(btf.size_of(id).value_or(0), most_struct_bytes);
    std::vector<uint8_t> bytes;
    if (!where.empty()) {
        const auto address = address_of(kernel, where);
        if (!address)
            return address.error();
        auto read = kernel.memory().bytes(*address, size);
        if (!read)
            return read.error();
        bytes = std::move(*read);
    }
    Section section;
    section.type = "member";
    section.title = "struct " + type + ", " + std::to_string(size) + " bytes" +
                    (module.empty() ? "" : " (of module " + module + ")");
    section.columns = {{"offset_bytes", "OFFSET"},
                       {"member", "MEMBER"},
                       {"type", "TYPE"},
                       {"value", bytes.empty() ? "" : "VALUE"}};
    for (const BtfMember &member : btf.members(id)) {
        const uint64_t begin = member.bit_offset / 8;
        const uint64_t length = btf.size_of(member.type).value_or(0);
        Value value;
        if (!bytes.empty() && member.bitfield_bits && !member.name.empty())
            value = bits_at(bytes, member);
        else if (!bytes.empty() && begin + length <= bytes.size())
            value = value_text(btf, member.type, std::span(bytes).subspan(begin, length));
        section.rows.push_back(
            {begin, member.name.empty() ? std::string("(anonymous)") : std::string(member.name),
             type_text(btf, member.type) +
                 (member.bitfield_bits ? " : " + std::to_string(member.bitfield_bits) : ""),
             std::move(value)});
    }
    return section;
}

Result<Section> Vmcore::words(const std::string &where, uint64_t count) {
    Kernel &kernel = *state_->kernel;
    const auto address = address_of(kernel, where);
    if (!address)
        return address.error();
    Section section;
    section.type = "word";
    section.columns = {{"address", "ADDRESS", ValueForm::hex},
                       {"value", "VALUE", ValueForm::hex},
                       {"symbol", "SYMBOL"}};
    for (uint64_t i = 0; i < std::min(count, most_words); i++) {
        const uint64_t at = *address + i * sizeof(uint64_t);
        const auto word = kernel.memory().load<uint64_t>(at);
        if (!word) {
            if (i == 0)
                return word.error();
            state_->lose("memory", count - i, "words", word.error().what);
            break;
        }
        const std::string name = kernel.name_of(*word);
        section.rows.push_back({at, *word, name.starts_with("0x") ? Value() : Value(name)});
    }
    return section;
}

}  // namespace whydrop
