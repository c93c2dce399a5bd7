// SPDX-License-Identifier: GPL-2.0-or-later
// Networking as the dead kernel left it: namespaces, devices, queueing disciplines, softnet.
// Counters that this kernel has not, or that cannot be read, are absent.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sys/result.h"

namespace whydrop::kdump {

class Kernel;

struct QueueDiscipline {
    uint64_t address = 0;  // of its struct Qdisc
    std::string kind;      // "fq_codel"
    uint32_t handle = 0, parent = 0;
    uint64_t length = 0, packets = 0, drops = 0, requeues = 0, overlimits = 0;  // length: packets
};

struct NetDevice {
    uint64_t address = 0;  // of its struct net_device
    uint32_t netns = 0;    // inode
    uint32_t ifindex = 0;
    std::string name, driver;  // driver: the module or function of its operations
    std::array<uint8_t, 6> mac{};
    std::vector<std::string> addresses;  // "10.0.0.1/24"
    uint32_t mtu = 0, flags = 0;
    bool up = false, carrier = false;
    uint32_t tx_queues = 0, rx_queues = 0;
    uint32_t stopped_queues = 0;               // of tx_queues
    std::map<std::string, uint64_t> counters;  // "rx_dropped", ...: the kernel's own, not the NIC's
    bool driver_counts = false;                // in structures of its own, which are not read
    std::vector<QueueDiscipline> qdiscs;       // the root first
};

struct NetNamespace {
    uint32_t inode = 0;
    std::vector<NetDevice> devices;
};

struct Softnet {
    uint32_t cpu = 0;
    uint64_t processed = 0, dropped = 0, time_squeeze = 0, received_rps = 0;
    uint64_t backlog = 0;  // packets waiting
};

struct Network {
    std::vector<NetNamespace> namespaces;
    std::vector<Softnet> softnet;
    uint64_t lost = 0;  // devices, disciplines or CPUs that could not be read
};

Network read_network(Kernel &kernel);

}  // namespace whydrop::kdump
