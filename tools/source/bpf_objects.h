// SPDX-License-Identifier: GPL-2.0-or-later
// BPF programs, maps and links that are loaded, anybody's, as the kernel describes them (bpf(2),
// BPF_OBJ_GET_INFO_BY_FD). Listing them takes CAP_SYS_ADMIN.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

struct BpfProgramInfo {
    uint32_t id = 0, type = 0;           // type: enum bpf_prog_type
    std::string name;                    // 15 characters of it
    std::string function;                // all of them, by its BTF; empty: it has none
    std::string tag;                     // of its instructions: 16 hex digits
    uint64_t loaded_ns = 0;              // since boot, CLOCK_BOOTTIME
    std::vector<uint32_t> maps;          // ids
    uint32_t btf = 0;                    // id; 0: none
    uint64_t run_count = 0, run_ns = 0;  // while kernel.bpf_stats_enabled is set
};

struct BpfMapInfo {
    uint32_t id = 0, type = 0;  // type: enum bpf_map_type
    std::string name;
    uint32_t key_bytes = 0, value_bytes = 0, max_entries = 0;
};

// Errors: failed when there is none (any more), unsupported when this user may not.
Result<Fd> open_program(uint32_t id);
Result<Fd> open_map(uint32_t id);
Result<BpfProgramInfo> program_info(const Fd &program);
Result<BpfMapInfo> map_info(const Fd &map);

// The programs that are attached in place of parts of another one (BPF_PROG_TYPE_EXT): under each
// part's function, "prog0" for the first that libxdp's dispatcher calls.
Result<std::map<std::string, uint32_t>> replacements_of(const BpfProgramInfo &program);

// Where programs are pinned, in every bpffs that can be seen from here: paths by id.
struct BpfPins {
    std::map<uint32_t, std::vector<std::string>> programs;
    bool cut = false;  // there were more files than are looked at
};
BpfPins find_pins();

}  // namespace whydrop
