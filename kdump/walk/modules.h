// SPDX-License-Identifier: GPL-2.0-or-later
// The loaded modules: struct module on the list `modules`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kdump/format/dump.h"

namespace whydrop::kdump {

class Kernel;

struct Module {
    std::string name;
    uint64_t address = 0;       // of its struct module
    std::string state;          // "live", "coming", "going", "unformed"
    std::vector<Range> memory;  // where its text and data are
    std::vector<Range> text;    // of these, what can be run
    uint64_t size_bytes = 0;
    std::string taints;  // letters, as /proc/modules shows them: "OE"
    std::string version, srcversion;
    int64_t references = 0;
    uint64_t orc_ips = 0, orc_entries = 0, orc_count = 0;  // its unwind tables

    [[nodiscard]] bool holds(uint64_t at) const;
};

// The letters of a mask of taints (kernel/panic.c), of a module's or the kernel's.
std::string taint_letters(uint64_t mask);

// In the order of the list; those that cannot be read are left out.
std::vector<Module> read_modules(Kernel &kernel);

}  // namespace whydrop::kdump
