// SPDX-License-Identifier: GPL-2.0-or-later
// Modules, devices, queueing disciplines, softnet.
#include <fmt/format.h>

#include <array>
#include <set>

#include "kdump/walk/napi.h"
#include "source/vmcore/state.h"

namespace whydrop {

namespace {

using namespace kdump;

// "8001:", "1:20"
std::string handle_text(uint32_t handle) {
    constexpr uint32_t root = 0xffffffff, low = 0xffff;
    if (handle == root)
        return "root";
    return fmt::format("{:x}:", handle >> 16) +
           (handle & low ? fmt::format("{:x}", handle & low) : "");
}

// As `ip -s -s link` adds them up: the device's own, and what the stack counted for it. Where the
// driver counts in a place of its own, nothing is known of the first, and a sum of zero says
// nothing.
struct DeviceCounter {
    const char *key;  // of JSON
    std::array<const char *, 2> parts;
    bool loss;
};

constexpr DeviceCounter device_counters[] = {
    {"rx_packets", {"rx_packets"}, false},
    {"rx_bytes", {"rx_bytes"}, false},
    {"tx_packets", {"tx_packets"}, false},
    {"tx_bytes", {"tx_bytes"}, false},
    {"rx_errors", {"rx_errors"}, true},
    {"tx_errors", {"tx_errors"}, true},
    {"rx_dropped", {"rx_dropped", "core_rx_dropped"}, true},
    {"tx_dropped", {"tx_dropped", "core_tx_dropped"}, true},
    {"rx_nohandler", {"core_rx_nohandler"}, true},
    {"rx_otherhost_dropped", {"core_rx_otherhost_dropped"}, true},
    {"rx_missed_errors", {"rx_missed_errors"}, true},
    {"rx_over_errors", {"rx_over_errors"}, true},
    {"tx_carrier_errors", {"tx_carrier_errors"}, true},
    {"collisions", {"collisions"}, true},
};

Value sum(const NetDevice &device, const DeviceCounter &counter) {
    Value value;
    for (const char *part : counter.parts)
        if (const auto found = part ? device.counters.find(part) : device.counters.end();
            found != device.counters.end())
            value = (value == Value() ? 0 : std::get<uint64_t>(value)) + found->second;
    const bool whole = device.counters.contains(counter.parts[0]);
    return whole || value != Value(uint64_t{0}) ? value : Value();
}

// Whose counters are not among these.
std::string not_counted(const Network &network) {
    std::set<std::string> drivers;
    for (const NetNamespace &netns : network.namespaces)
        for (const NetDevice &device : netns.devices)
            if (device.driver_counts)
                drivers.insert(device.driver);
    if (drivers.empty())
        return {};
    return fmt::format(" (without what was counted by {})", fmt::join(drivers, ", "));
}

std::string state_text(const NetDevice &device) {
    if (!device.up)
        return "down";
    return device.carrier ? "up" : "no carrier";
}

std::string stopped_text(const NetDevice &device) {
    return fmt::format("{}/{}", device.stopped_queues, device.tx_queues);
}

std::string mac_text(const std::array<uint8_t, 6> &mac) {
    return fmt::format("{:02x}", fmt::join(mac, ":"));
}

}  // namespace

Section Vmcore::modules() {
    Section section;
    section.type = "module";
    section.title = "MODULES";
    section.if_empty = "no modules were loaded";
    section.columns = {{"module", "MODULE"},
                       {"size_bytes", "SIZE"},
                       {"references", "USED"},
                       {"state", "STATE"},
                       {"taints", "TAINTS"},
                       {"version", "VERSION"},
                       {"address", "ADDRESS", ValueForm::hex}};
    for (const Module &module : state_->kernel->modules())
        section.rows.push_back({module.name, module.size_bytes, int64_t{module.references},
                                module.state, text_value(module.taints), text_value(module.version),
                                module.address});
    return section;
}

Section Vmcore::devices() {
    Section section;
    section.type = "device";
    section.title = "DEVICES";
    section.columns = {{"netns", "NETNS"},   {"ifindex", "INDEX"}, {"dev", "DEV"},
                       {"driver", "DRIVER"}, {"state", "STATE"},   {"queues_stopped", "STOPPED"},
                       {"mac", "MAC"},       {"mtu_bytes", ""},    {"addresses", "ADDRESSES"}};
    for (const DeviceCounter &counter : device_counters)
        section.columns.emplace_back(counter.key, "");
    for (const NetNamespace &netns : state_->network().namespaces)
        for (const NetDevice &device : netns.devices) {
            std::vector<Value> row = {
                uint64_t{device.netns},    uint64_t{device.ifindex}, device.name,
                text_value(device.driver), state_text(device),       stopped_text(device),
                mac_text(device.mac),      uint64_t{device.mtu},     device.addresses};
            for (const DeviceCounter &counter : device_counters)
                row.push_back(sum(device, counter));
            section.rows.push_back(std::move(row));
        }
    return section;
}

// A row for each kind of which a device counted some.
Section Vmcore::device_drops() {
    Section section;
    section.type = "device_drops";
    section.title = "DROPS AND ERRORS OF DEVICES" + not_counted(state_->network());
    section.if_empty = "the stack counted none";
    section.columns = {{"netns", "NETNS"}, {"dev", "DEV"}, {"kind", "KIND"}, {"packets", "COUNT"}};
    for (const NetNamespace &netns : state_->network().namespaces)
        for (const NetDevice &device : netns.devices)
            for (const DeviceCounter &counter : device_counters)
                if (const Value value = sum(device, counter);
                    counter.loss && value != Value() && value != Value(uint64_t{0}))
                    section.rows.push_back(
                        {uint64_t{device.netns}, device.name, std::string(counter.key), value});
    return section;
}

Section Vmcore::qdiscs() {
    Section section;
    section.type = "qdisc";
    section.title = "QUEUEING DISCIPLINES";
    section.columns = {{"netns", "NETNS"},       {"dev", "DEV"},
                       {"kind", "QDISC"},        {"handle", "HANDLE"},
                       {"parent", "PARENT"},     {"backlog_packets", "BACKLOG"},
                       {"packets", "PACKETS"},   {"drops", "DROPS"},
                       {"requeues", "REQUEUES"}, {"overlimits", "OVERLIMITS"}};
    for (const NetNamespace &netns : state_->network().namespaces)
        for (const NetDevice &device : netns.devices)
            for (const QueueDiscipline &qdisc : device.qdiscs)
                section.rows.push_back({uint64_t{device.netns}, device.name, qdisc.kind,
                                        handle_text(qdisc.handle), handle_text(qdisc.parent),
                                        qdisc.length, qdisc.packets, qdisc.drops, qdisc.requeues,
                                        qdisc.overlimits});
    return section;
}

Section Vmcore::softnet() {
    Section section;
    section.type = "softnet";
    section.title = "SOFTNET";
    section.columns = {{"cpu", "CPU"},
                       {"processed", "PROCESSED"},
                       {"dropped", "DROPPED"},
                       {"time_squeeze", "TIME_SQUEEZE"},
                       {"received_rps", "RECEIVED_RPS"},
                       {"backlog_packets", "BACKLOG"}};
    for (const Softnet &cpu : state_->network().softnet)
        section.rows.push_back({uint64_t{cpu.cpu}, cpu.processed, cpu.dropped, cpu.time_squeeze,
                                cpu.received_rps, cpu.backlog});
    return section;
}

Section Vmcore::napi(bool all) {
    const NapiTable table = read_napi(*state_->kernel, state_->network());
    state_->lose("napi", table.lost, "lists of NAPI", "their memory is not in the dump");
    Section section;
    section.type = "napi";
    section.title = all ? "NAPI" : "NAPI (scheduled or disabled)";
    section.if_empty = fmt::format("none of {} was scheduled or disabled", table.all.size());
    section.columns = {{"netns", "NETNS"},
                       {"dev", "DEV"},
                       {"cpu", "CPU"},
                       {"napi_id", "ID"},
                       {"weight_packets", "WEIGHT"},
                       {"poll", "POLL"},
                       {"state", "STATE"},
                       {"address", "", ValueForm::hex}};
    for (const Napi &napi : table.all)
        if (all || napi.active())
            section.rows.push_back({napi.device.empty() ? Value() : Value(uint64_t{napi.netns}),
                                    text_value(napi.device),
                                    napi.cpu ? Value(uint64_t{*napi.cpu}) : Value(),
                                    napi.id ? Value(uint64_t{napi.id}) : Value(), napi.weight,
                                    state_->kernel->name_of(napi.poll), napi.state, napi.address});
    return section;
}

}  // namespace whydrop
