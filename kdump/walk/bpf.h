// SPDX-License-Identifier: GPL-2.0-or-later
// BPF programs and maps, with what the maps held.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop::kdump {

class Kernel;

struct BpfProgram {
    uint32_t id = 0;
    std::string type, name;  // "tracing", "drops"
    uint64_t runs = 0;       // where statistics were switched on
};

struct BpfMap {
    uint32_t id = 0;
    uint64_t address = 0;
    std::string type, name;  // "percpu_hash", "flows"
    uint32_t key_bytes = 0, value_bytes = 0, max_entries = 0;
};

struct BpfObjects {
    std::vector<BpfProgram> programs;
    std::vector<BpfMap> maps;
    uint64_t lost = 0;
};

BpfObjects read_bpf(Kernel &kernel);

// One entry, as the map's own types say it. Without types: hexadecimal.
struct BpfEntry {
    std::string key, value;
    int32_t cpu = -1;  // of a per-CPU map
};

// Hashes, arrays and ring buffers, per CPU or not; entries that are all zero are left out of
// arrays. Errors: unsupported for other types; failed.
Status read_entries(Kernel &kernel, const BpfMap &map,
                    const std::function<bool(const BpfEntry &)> &on_entry);

}  // namespace whydrop::kdump
