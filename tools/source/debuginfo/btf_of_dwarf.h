// SPDX-License-Identifier: GPL-2.0-or-later
// Types of a kernel that was built without BTF, from its DWARF.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <vector>

#include "sys/result.h"

namespace whydrop {

// BTF of every named structure, union and enumeration and of the types they are made of, of
// functions that have code, and of what variables are. Of several with one name and size the first
// counts. Errors: failed, it describes no type at all.
Result<std::vector<uint8_t>> btf_of_dwarf(Dwarf *dwarf);

}  // namespace whydrop
