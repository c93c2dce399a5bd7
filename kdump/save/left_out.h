// SPDX-License-Identifier: GPL-2.0-or-later
// Which pages a dump level leaves out, by what the dead kernel noted of each.
#pragma once

#include <cstdint>
#include <functional>

#include "kdump/kernel.h"
#include "kdump/save/page_layout.h"
#include "kdump/save/page_set.h"
#include "sys/result.h"

namespace whydrop::kdump {

struct LeftOut {
    PageCounts pages{};    // by kind
    uint64_t unknown = 0;  // that stay because their struct page is not in the dump
};

// Takes them out of the set, run by run; a run of fewer than `least_run` pages stays. Errors:
// failed, this kernel does not say which they are: the set is as it was.
Result<LeftOut> leave_out(Kernel &kernel, uint32_t dump_level, uint64_t least_run, PageSet &pages);

// The same by what is known of the kernel. `is_mapped`: is there a struct page at that address, be
// it in the dump or not?
LeftOut leave_out(const Reader &memory, const std::function<bool(uint64_t)> &is_mapped,
                  const PageLayout &layout, uint32_t dump_level, uint64_t least_run,
                  PageSet &pages);

}  // namespace whydrop::kdump
