// SPDX-License-Identifier: GPL-2.0-or-later
// Which build the kernel and its modules are of, and where a module's sections were put: by what
// sysfs shows of them (/sys/module/NAME/sections, /sys/module/NAME/notes).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace whydrop::kdump {

class Kernel;
struct Module;

// Hexadecimal; empty: not known. Takes no types, so that it can be had before there are any.
std::string kernel_build_id(Kernel &kernel);
std::string module_build_id(Kernel &kernel, const Module &module);

struct ModuleSection {
    std::string name;
    uint64_t address = 0;
};
// Empty where the kernel does not keep them, or they are not in the dump.
std::vector<ModuleSection> module_sections(Kernel &kernel, const Module &module);

}  // namespace whydrop::kdump
