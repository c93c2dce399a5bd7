// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>

#include "source/xdp/verdicts.h"

namespace whydrop {

namespace {

constexpr uint32_t actions = 5;

struct Slot {
    uint64_t packets, bytes;
};

bool is_per_cpu(const BpfMapInfo &map) {
    return map.type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

bool is_of_shape(const BpfMapInfo &map) {
    return (map.type == BPF_MAP_TYPE_ARRAY || is_per_cpu(map)) && map.key_bytes == 4 &&
           map.value_bytes == sizeof(Slot) && map.max_entries == actions;
}

std::string shape(const BpfMapInfo &map) {
    return map.name + " (" + libbpf_bpf_map_type_str(static_cast<bpf_map_type>(map.type)) +
           ", key " + std::to_string(map.key_bytes) + ", value " + std::to_string(map.value_bytes) +
           " bytes, " + std::to_string(map.max_entries) + " entries)";
}

class MapCounter : public XdpCounter {
  public:
    MapCounter(Fd map, BpfMapInfo info) : map_(std::move(map)), info_(std::move(info)) {}
    [[nodiscard]] XdpWay way() const override { return XdpWay::map; }
    [[nodiscard]] std::string description() const override {
        return "map " + info_.name + " " + std::to_string(info_.id);
    }
    Result<std::vector<XdpCounts>> read() override;
    [[nodiscard]] uint32_t map() const override { return info_.id; }

  private:
    Fd map_;
    BpfMapInfo info_;
};

Result<std::vector<XdpCounts>> MapCounter::read() {
    const int cpus = is_per_cpu(info_) ? libbpf_num_possible_cpus() : 1;
    if (cpus <= 0)
        return errno_error("cannot count the CPUs", -cpus);
    std::vector<Slot> parts(static_cast<size_t>(cpus));
    XdpCounts counts;
    for (uint32_t action = 0; action < actions; action++) {
        if (bpf_map_lookup_elem(map_.get(), &action, parts.data()) != 0)
            return errno_error("cannot read the map " + info_.name, errno);
        for (const Slot &part : parts) {
            counts.answers[action].packets += part.packets;
            counts.answers[action].bytes += part.bytes;
        }
    }
    return std::vector<XdpCounts>{counts};
}

}  // namespace

Result<std::unique_ptr<XdpCounter>> count_by_map(const BpfProgramInfo &program) {
    std::string others;
    for (const uint32_t id : program.maps) {
        auto map = open_map(id);
        if (!map)
            return map.error();
        auto info = map_info(*map);
        if (!info)
            return info.error();
        if (is_of_shape(*info))
            return std::unique_ptr<XdpCounter>(
                std::make_unique<MapCounter>(std::move(*map), std::move(*info)));
        others += (others.empty() ? "" : ", ") + shape(*info);
    }
    return Error{Errc::unsupported,
                 "it keeps no array of packets and bytes by action (key 4, value 16 bytes, 5 "
                 "entries); it has " +
                     (others.empty() ? "no map" : others),
                 ""};
}

}  // namespace whydrop
