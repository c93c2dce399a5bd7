// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/counters/reader.h"

#include <dirent.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "source/counters/proc_file.h"
#include "source/counters/proc_text.h"
#include "sys/netns.h"

namespace whydrop {

namespace {

// /proc/net is that of the process; a thread may be in another namespace.
const std::string proc_net = "/proc/thread-self/net/";

using Groups = std::vector<CounterGroup>;

void take(Groups &into, Groups groups) {
    std::ranges::move(groups, std::back_inserter(into));
}

// arp_cache, ndisc_cache, rt_cache, nf_conntrack, synproxy: what there is.
std::vector<std::string> cpu_tables() {
    std::vector<std::string> names;
    const Handle<DIR, &closedir> folder(opendir((proc_net + "stat").c_str()));
    while (const dirent *entry = folder ? readdir(folder.get()) : nullptr)
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
    std::ranges::sort(names);
    return names;
}

}  // namespace

Result<CounterReader> CounterReader::open(const std::string &netns, const std::string &dev) {
    Fd home;
    if (!netns.empty()) {
        auto opened = open_netns(netns);
        if (!opened)
            return opened.error();
        home = std::move(*opened);
    }
    return CounterReader(std::move(home), dev);
}

void CounterReader::read_files(CounterReading &reading) const {
    for (const char *file : {counter_source::snmp, counter_source::netstat})
        if (const auto text = read_proc_file(proc_net + file))
            reading.groups.push_back(parse_counter_pairs(*text, file));
        else
            reading.unread.push_back("/proc/net/" + std::string(file));
    // Each of these needs a part of the kernel that not everybody has.
    for (const char *file : {counter_source::snmp6, "xfrm_stat", "tls_stat", "sctp/snmp"})
        if (const auto text = read_proc_file(proc_net + file))
            reading.groups.push_back(parse_counter_list(*text, file));
    if (const auto text = read_proc_file(proc_net + counter_source::softnet))
        take(reading.groups, parse_softnet(*text));
    else
        reading.unread.emplace_back("/proc/net/softnet_stat");
    for (const std::string &file : cpu_tables())
        if (const auto text = read_proc_file(proc_net + "stat/" + file))
            take(reading.groups, parse_cpu_table(*text, file));
}

Status CounterReader::read_devices(CounterReading &reading) {
    auto names = device_names();
    if (!names)
        return names.error();
    if (!dev_.empty()) {
        std::erase_if(*names, [&](const auto &device) { return device.second != dev_; });
        if (names->empty() && !begun_)
            return Error{Errc::usage, "there is no device " + dev_, "ip link"};
    }
    for (auto *ask : {&link_stats, &qdisc_stats})
        if (auto groups = ask(*names))
            take(reading.groups, std::move(*groups));
        else
            reading.unread.push_back(groups.error().what);
    take(reading.groups, drivers_.read(*names));
    Groups standard = ethtool_.read();
    if (!dev_.empty())
        std::erase_if(standard, [&](const CounterGroup &group) { return group.dev != dev_; });
    take(reading.groups, std::move(standard));
    return success();
}

Result<CounterReading> CounterReader::read() {
    std::optional<NetnsScope> scope;
    if (netns_) {
        auto entered = NetnsScope::enter(netns_);
        if (!entered)
            return entered.error();
        scope.emplace(std::move(*entered));
    }
    CounterReading reading;
    if (dev_.empty())
        read_files(reading);
    if (auto devices = read_devices(reading); !devices)
        return devices.error();
    begun_ = true;
    return reading;
}

}  // namespace whydrop
