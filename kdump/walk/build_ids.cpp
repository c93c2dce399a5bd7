// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/build_ids.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "kdump/kernel.h"
#include "kdump/walk/modules.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t most_note_bytes = 1u << 16, most_attributes = 256, most_id_bytes = 64;

// The build id among ELF notes.
std::string id_in_notes(std::span<const uint8_t> notes) {
    const auto padded = [](uint64_t bytes) { return (bytes + 3) & ~uint64_t{3}; };
    Elf64_Nhdr note;
    while (notes.size() >= sizeof note) {
        std::memcpy(&note, notes.data(), sizeof note);
        const uint64_t name = padded(note.n_namesz), body = padded(note.n_descsz);
        notes = notes.subspan(sizeof note);
        if (name + body > notes.size())
            break;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" &&
            std::memcmp(notes.data(), "GNU", sizeof "GNU") == 0)
            return hex_digits(notes.subspan(name, note.n_descsz));
        notes = notes.subspan(name + body);
    }
    return {};
}

std::string id_at(Kernel &kernel, uint64_t begin, uint64_t bytes) {
    const auto notes = kernel.memory().bytes(begin, std::min(bytes, most_note_bytes));
    return notes ? id_in_notes(*notes) : std::string();
}

struct Attribute {
    std::string name;
    uint64_t address = 0, size_bytes = 0;
};

// What module_sect_attrs and module_notes_attrs end in. d8959b947a8d (6.14) and its neighbours took
// their counts away, which leaves a list that ends with NULL, and put the address of a section,
// which stood beside its attribute, into it.
std::vector<Attribute> attributes_of(Kernel &kernel, const Ref &table, const char *count_member) {
    if (!table.ok())
        return {};
    uint64_t count = std::min(table[count_member].number_or(most_attributes), most_attributes);
    const Ref list = table["grp"].any({"bin_attrs_new", "bin_attrs"});
    if (!table.has(count_member))
        for (count = 0; count < most_attributes && list.at(count).number_or(0);)
            count++;
    std::vector<Attribute> attributes;
    for (uint64_t i = 0; i < count; i++) {
        const Ref element = table["attrs"].at(i);
        const Ref file = element.has("battr") ? element["battr"] : element;
        const uint64_t name_at = file["attr"]["name"].number_or(0);
        const auto name = name_at ? kernel.memory().text(name_at) : Result<std::string>("");
        const auto address = element.any({"address", "private"}).number();
        if (name && !name->empty() && address)
            attributes.push_back({*name, *address, file["size"].number_or(0)});
    }
    return attributes;
}

Ref structure_of(Kernel &kernel, const Module &module) {
    return kernel.at("module", module.address);
}

}  // namespace

std::string kernel_build_id(Kernel &kernel) {
    if (const auto said = kernel.info().value("BUILD-ID"))
        return std::string(*said);
    const uint64_t begin = kernel.symbols().address_of("__start_notes");
    const uint64_t end = kernel.symbols().address_of("__stop_notes");
    return begin && end > begin ? id_at(kernel, begin, end - begin) : std::string();
}

// module.build_id, where CONFIG_STACKTRACE_BUILD_ID is set (9294523e3768, 5.14), else its note.
std::string module_build_id(Kernel &kernel, const Module &module) {
    const Ref structure = structure_of(kernel, module);
    if (const Ref id = structure["build_id"]; id.ok()) {
        const auto bytes =
            kernel.memory().bytes(id.address(), std::min(id.size_bytes(), most_id_bytes));
        if (bytes && std::any_of(bytes->begin(), bytes->end(), [](uint8_t byte) { return byte; }))
            return hex_digits(*bytes);
    }
    for (const Attribute &note : attributes_of(kernel, structure["notes_attrs"].target(), "notes"))
        if (const std::string id = id_at(kernel, note.address, note.size_bytes); !id.empty())
            return id;
    return {};
}

std::vector<ModuleSection> module_sections(Kernel &kernel, const Module &module) {
    std::vector<ModuleSection> sections;
    const Ref table = structure_of(kernel, module)["sect_attrs"].target();
    for (Attribute &section : attributes_of(kernel, table, "nsections"))
        sections.push_back({std::move(section.name), section.address});
    return sections;
}

}  // namespace whydrop::kdump
