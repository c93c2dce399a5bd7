// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/module_symbols.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "kdump/kernel.h"
#include "kdump/walk/modules.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t most_symbols = 1u << 20;

}  // namespace

ModuleSymbols::ModuleSymbols(Kernel &kernel, const Module &module) : memory_(&kernel.memory()) {
    const Ref table = kernel.at("module", module.address)["kallsyms"].target();
    const uint64_t count = std::min(table["num_symtab"].number_or(0), most_symbols);
    const uint64_t symbols = table["symtab"].number_or(0), names = table["strtab"].number_or(0);
    const auto bytes = memory_->bytes(symbols, count * sizeof(Elf64_Sym));
    for (uint64_t i = 0; bytes && i < count; i++) {
        Elf64_Sym symbol;
        std::memcpy(&symbol, bytes->data() + i * sizeof symbol, sizeof symbol);
        if (symbol.st_shndx != SHN_UNDEF && symbol.st_name)
            entries_.push_back({symbol.st_value, names + symbol.st_name});
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry &a, const Entry &b) { return a.address < b.address; });
}

std::optional<KernelSymbol> ModuleSymbols::symbol_at(uint64_t address) const {
    auto after =
        std::upper_bound(entries_.begin(), entries_.end(), address,
                         [](uint64_t at, const Entry &entry) { return at < entry.address; });
    if (after == entries_.begin())
        return {};
    const uint64_t begin = std::prev(after)->address;
    // Of several names for the same place the first.
    while (std::prev(after) != entries_.begin() && std::prev(after, 2)->address == begin)
        --after;
    const auto name = memory_->text(std::prev(after)->name);
    if (!name || name->empty())
        return {};
    return KernelSymbol{*name, begin, 0};
}

uint64_t ModuleSymbols::address_of(std::string_view name) const {
    for (const Entry &entry : entries_)
        if (const auto text = memory_->text(entry.name, name.size() + 1); text && *text == name)
            return entry.address;
    return 0;
}

}  // namespace whydrop::kdump
