// SPDX-License-Identifier: GPL-2.0-or-later
// Modules, devices, queueing disciplines, softnet.
#include <fmt/format.h>

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

Value counter(const NetDevice &device, const std::string &name) {
    const auto found = device.counters.find(name);
    return found == device.counters.end() ? Value() : Value(found->second);
}

// The stack's and the device's own, as `ip -s link` adds them up.
Value drops(const NetDevice &device, const std::string &name) {
    uint64_t sum = 0;
    bool known = false;
    for (const std::string &key : {name, "core_" + name})
        if (const auto found = device.counters.find(key); found != device.counters.end()) {
            sum += found->second;
            known = true;
        }
    return known ? Value(sum) : Value();
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
    section.columns = {{"netns", "NETNS"},
                       {"ifindex", "INDEX"},
                       {"dev", "DEV"},
                       {"driver", "DRIVER"},
                       {"state", "STATE"},
                       {"queues_stopped", "STOPPED"},
                       {"rx_dropped", "RX_DROPPED"},
                       {"tx_dropped", "TX_DROPPED"},
                       {"rx_nohandler", "NOHANDLER"},
                       {"rx_otherhost_dropped", "OTHERHOST"},
                       {"mac", ""}};
    for (const NetNamespace &netns : state_->network().namespaces)
        for (const NetDevice &device : netns.devices) {
            const auto &mac = device.mac;
            section.rows.push_back({uint64_t{device.netns}, uint64_t{device.ifindex}, device.name,
                                    text_value(device.driver),
                                    std::string(!device.up       ? "down"
                                                : device.carrier ? "up"
                                                                 : "no carrier"),
                                    fmt::format("{}/{}", device.stopped_queues, device.tx_queues),
                                    drops(device, "rx_dropped"), drops(device, "tx_dropped"),
                                    counter(device, "core_rx_nohandler"),
                                    counter(device, "core_rx_otherhost_dropped"),
                                    fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0],
                                                mac[1], mac[2], mac[3], mac[4], mac[5])});
        }
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

}  // namespace whydrop
