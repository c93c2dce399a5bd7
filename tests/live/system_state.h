// SPDX-License-Identifier: GPL-2.0-or-later
// What whydrop could leave behind on a system, to be compared before and after.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace whydrop::live {

struct SystemState {
    // By name ("link lo", "sysctl net/ipv4/ip_forward"), with what is known of it.
    std::map<std::string, std::string> settings;
    // Of these others make and drop their own all the time: only what is new counts.
    std::map<std::string, std::string> objects;  // "bpf program 12", "netns 4026532174"
    size_t kernel_modules = 0;

    // Of the namespaces that this process is in, and of the kernel.
    static SystemState now();
};

// One line for each thing that is not as it was; empty: nothing is left behind. A sysctl that came
// with a module that the kernel loaded meanwhile is not held against anybody.
std::vector<std::string> differences(const SystemState &before, const SystemState &after);

}  // namespace whydrop::live
