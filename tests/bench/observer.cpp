// SPDX-License-Identifier: GPL-2.0-or-later
#include "observer.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace whydrop::bench {

uint64_t process_cpu_ns(pid_t pid) {
    uint64_t total = 0;
    std::error_code error;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto &task : std::filesystem::directory_iterator(tasks, error)) {
        uint64_t on_cpu = 0;
        if (std::ifstream(task.path() / "schedstat") >> on_cpu)
            total += on_cpu;
    }
    return total;
}

uint64_t process_rss_bytes(pid_t pid) {
    std::ifstream smaps("/proc/" + std::to_string(pid) + "/smaps");
    uint64_t total = 0, kb = 0;
    bool of_map = false;
    unsigned long from = 0, to = 0;
    for (std::string line; std::getline(smaps, line);) {
        if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2)  // a new mapping
            of_map = line.find("bpf-map") != std::string::npos;
        else if (!of_map && std::sscanf(line.c_str(), "Rss: %lu kB", &kb) == 1)
            total += kb * 1024;
    }
    return total;
}

}  // namespace whydrop::bench
