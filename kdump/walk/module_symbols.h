// SPDX-License-Identifier: GPL-2.0-or-later
// The symbols of a loaded module: struct mod_kallsyms, an ELF symbol table in the kernel's memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdump/memory.h"
#include "kdump/symbols/kallsyms.h"

namespace whydrop::kdump {

class Kernel;
struct Module;

class ModuleSymbols {
  public:
    // Keeps a reference to the kernel's memory. Empty where the table is not in the dump.
    ModuleSymbols(Kernel &kernel, const Module &module);

    // The symbol that an address is part of, without its size. Absent: below all of them, or its
    // name is not in the dump.
    [[nodiscard]] std::optional<KernelSymbol> symbol_at(uint64_t address) const;
    // 0: there is none.
    [[nodiscard]] uint64_t address_of(std::string_view name) const;

  private:
    struct Entry {
        uint64_t address = 0, name = 0;  // where its name is
    };

    const Memory *memory_;
    std::vector<Entry> entries_;  // by address
};

}  // namespace whydrop::kdump
