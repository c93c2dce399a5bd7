// SPDX-License-Identifier: GPL-2.0-or-later
// The types that a module has beside the kernel's: its BTF, which the kernel keeps on the list
// `btf_modules` (36e68442d1af, "bpf: Load and verify kernel module BTFs", 5.11). The module's own
// pointer to it (module.btf_data) is not for after its loading.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kdump/types.h"

namespace whydrop::kdump {

class Kernel;

struct ModuleTypes {
    std::string module;
    std::unique_ptr<Types> types;  // refers to the kernel's
};

// In the order of the list; empty where the kernel keeps none, or its own types came from elsewhere
// and have other numbers. `lost` counts those that cannot be
// read.
std::vector<ModuleTypes> read_module_types(Kernel &kernel, uint64_t &lost);

}  // namespace whydrop::kdump
