// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder over any tables, code and stacks.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "../kdump/unwind_world.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const auto trace = whydrop::test::World::from_image({data, size}).unwind();
    if (trace.ended.empty() || trace.frames.size() > whydrop::kdump::Backtrace::most_frames)
        std::abort();
    return 0;
}
