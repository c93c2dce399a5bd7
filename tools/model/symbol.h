// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel address with its name, as kallsyms gives it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace whydrop {

struct Symbol {
    uint64_t address = 0;  // 0: hidden or unknown
    std::string name;      // empty: no name is known for the address
    uint64_t offset = 0;   // bytes from the start of the function
    std::string module;    // empty: vmlinux

    bool operator==(const Symbol &) const = default;
};

// Innermost caller first, as the kernel unwinds.
using Stack = std::vector<Symbol>;

}  // namespace whydrop
