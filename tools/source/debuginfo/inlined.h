// SPDX-License-Identifier: GPL-2.0-or-later
// The chain of functions that an instruction is part of, from DWARF.
#pragma once

#include <elfutils/libdw.h>

#include <vector>

#include "source/debuginfo/debug_file.h"

namespace whydrop {

// Of an address in this compile unit: see DebugFile::lines().
std::vector<SourceLine> lines_in_unit(Dwarf_Die unit, Dwarf_Addr address);

}  // namespace whydrop
