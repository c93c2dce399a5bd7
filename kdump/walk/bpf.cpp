// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/walk/bpf.h"

#include "kdump/kernel.h"
#include "kdump/walk/radix.h"

namespace whydrop::kdump {

namespace {

std::string text_or_nothing(const Ref &ref) {
    const auto text = ref.text();
    return text ? *text : std::string();
}

BpfProgram read_program(Kernel &kernel, uint64_t id, uint64_t address) {
    const Ref ref = kernel.at("bpf_prog", address);
    BpfProgram program;
    program.id = static_cast<uint32_t>(id);
    program.type = short_name(kernel.types().enumerator("bpf_prog_type", ref["type"].number_or(0)),
                              "BPF_PROG_TYPE_");
    program.name = text_or_nothing(ref["aux"]["name"]);
    const uint64_t stats = ref.any({"stats", "aux.stats"}).number_or(0);
    for (const uint32_t cpu : kernel.cpus())
        if (const auto at = stats ? kernel.per_cpu(stats, cpu) : Result<uint64_t>(Error{}))
            program.runs +=
                kernel.at("bpf_prog_stats", *at).any({"cnt.a.a.counter", "cnt"}).number_or(0);
    return program;
}

BpfMap read_map(Kernel &kernel, uint64_t id, uint64_t address) {
    const Ref ref = kernel.at("bpf_map", address);
    BpfMap map;
    map.id = static_cast<uint32_t>(id);
    map.address = address;
    map.type = short_name(kernel.types().enumerator("bpf_map_type", ref["map_type"].number_or(0)),
                          "BPF_MAP_TYPE_");
    map.name = text_or_nothing(ref["name"]);
    map.key_bytes = static_cast<uint32_t>(ref["key_size"].number_or(0));
    map.value_bytes = static_cast<uint32_t>(ref["value_size"].number_or(0));
    map.max_entries = static_cast<uint32_t>(ref["max_entries"].number_or(0));
    return map;
}

}  // namespace

BpfObjects read_bpf(Kernel &kernel) {
    BpfObjects found;
    const Ref programs = kernel.variable("prog_idr", "idr")["idr_rt"];
    const Ref maps = kernel.variable("map_idr", "idr")["idr_rt"];
    const auto read = for_each_in_xarray(kernel, programs, [&](uint64_t id, uint64_t address) {
        found.programs.push_back(read_program(kernel, id, address));
        return true;
    });
    const auto also = for_each_in_xarray(kernel, maps, [&](uint64_t id, uint64_t address) {
        found.maps.push_back(read_map(kernel, id, address));
        return true;
    });
    found.lost = (read ? 0u : 1u) + (also ? 0u : 1u);
    return found;
}

}  // namespace whydrop::kdump
