// SPDX-License-Identifier: GPL-2.0-or-later
// Scripts that stand alone, for the question just asked: those of probes/bpftrace, with the filters
// and keys of the request and the names of a kernel's drop reasons written into them, and
// probes/bcc/drops.py.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/document.h"
#include "model/drop.h"
#include "source/reason_table.h"
#include "sys/result.h"

namespace whydrop {

struct ScriptRequest {
    std::string tool, kind;            // "bpftrace", "drops"
    std::string command_line;          // repeated at the script's beginning
    std::vector<std::string> reasons;  // as `drops -r`
    std::string iface;                 // name or index
    std::optional<uint32_t> pid;       // thread group, in the initial pid namespace
    std::string comm;
    GroupKeys by = 0;         // 0: those of the script itself
    std::string words;        // a packet filter; of `called` the function
    uint32_t duration_s = 0;  // 0: as the script is told when it is run
};

// Of the kernel that the script is for.
struct ScriptKernel {
    bool has_reasons = false;
    ReasonTable reasons;
};

// The script's text. Errors: usage for what this script cannot be asked, and unsupported for what
// the kernel does not have.
Result<std::string> make_script(const ScriptRequest &request, const ScriptKernel &kernel);

// Whether make_script() looks at the kernel at all: reasons are those of drops only.
bool script_needs_kernel(const ScriptRequest &request);

// What there is, a row each: tool, kind, what it answers, what it may be asked.
Section script_list();

}  // namespace whydrop
