// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks that the unit tests unwind and the fuzzer begins with.
#pragma once

#include <string>
#include <vector>

#include "unwind_world.h"

namespace whydrop::test {

struct Scenario {
    std::string name;  // of the file in tests/fuzz/corpus/unwind
    std::string sentence;
    World world;
    std::string expected;  // as text_of() writes it
};

// What a table says of a stretch of code; offsets in bytes.
kdump::OrcEntry by(kdump::OrcBase sp, int16_t sp_offset,
                   kdump::OrcBase bp = kdump::OrcBase::undefined, int16_t bp_offset = 0);
kdump::OrcEntry by_sp(int16_t offset);
// An ordinary frame with a frame pointer, and where it is saved.
kdump::OrcEntry by_bp();
kdump::OrcEntry registers_at_sp();
kdump::OrcEntry iret_frame_at_sp();
kdump::OrcEntry end_of_stack();
kdump::OrcEntry unknown();

std::vector<Scenario> call_scenarios(kdump::OrcLayout layout);
std::vector<Scenario> exception_scenarios(kdump::OrcLayout layout);
std::vector<Scenario> ending_scenarios(kdump::OrcLayout layout);
std::vector<Scenario> guess_scenarios(kdump::OrcLayout layout);

// All of them.
std::vector<Scenario> unwind_scenarios(kdump::OrcLayout layout);

// Those that the fuzzer begins with, by the names of their files.
std::vector<Scenario> unwind_seeds();

}  // namespace whydrop::test
