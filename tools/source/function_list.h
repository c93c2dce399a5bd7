// SPDX-License-Identifier: GPL-2.0-or-later
// Does the running kernel have functions of these names? Asked of its own list, in one reading.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "sys/result.h"

namespace whydrop {

struct KernelFunction {
    uint64_t address = 0;  // 0: hidden from this user
    // It is there only as NAME.isra.0, NAME.constprop.0, NAME.part.0 or the like: what it takes is
    // no longer what its source says.
    bool changed = false;
    bool is_static = false;  // the compiler may have put it into its callers as well
};

// By name, those that exist: in vmlinux or a module.
Result<std::map<std::string, KernelFunction>> find_functions(
    const std::set<std::string> &names, const std::string &path = "/proc/kallsyms");

}  // namespace whydrop
