// SPDX-License-Identifier: GPL-2.0-or-later
// What one wants to know first of a dead kernel. What could not be read is absent.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace whydrop::kdump {

class Kernel;

struct Summary {
    std::string release, version, machine, node;  // uname
    std::string build_id;                         // of vmlinux, hexadecimal
    uint32_t cpus = 0;                            // that the machine has
    std::optional<uint32_t> cpu_mhz;
    std::optional<uint64_t> time_unix_s;  // when it died
    std::optional<uint64_t> uptime_s;
    std::optional<std::array<double, 3>> load;  // of 1, 5 and 15 minutes
    std::optional<uint64_t> memory_bytes;       // that the kernel managed
    std::string taints;                         // letters; empty: none
    std::string command_line;
    std::optional<uint32_t> panic_cpu;  // absent: it did not panic
};

Summary read_summary(Kernel &kernel);

}  // namespace whydrop::kdump
