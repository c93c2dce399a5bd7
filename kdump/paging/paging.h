// SPDX-License-Identifier: GPL-2.0-or-later
// From the dead kernel's virtual addresses to physical ones, by its own page tables. An
// architecture is a file.
#pragma once

#include <cstdint>
#include <memory>

#include "kdump/format/dump.h"
#include "kdump/vmcoreinfo.h"
#include "sys/result.h"

namespace whydrop::kdump {

class Paging {
  public:
    virtual ~Paging() = default;
    // Errors: failed; "not mapped", or which page of the tables is missing.
    virtual Result<uint64_t> physical(uint64_t address) = 0;
};

// 4 or 5 levels, KASLR, memory encryption. Keeps a reference to the dump. Errors: failed, naming
// what VMCOREINFO lacks.
Result<std::unique_ptr<Paging>> page_x86_64(Dump &dump, const VmcoreInfo &info);

}  // namespace whydrop::kdump
