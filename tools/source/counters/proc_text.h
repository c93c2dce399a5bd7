// SPDX-License-Identifier: GPL-2.0-or-later
// Files under /proc/net and /sys as counters. Whatever is not as it should be is left out; nothing
// here fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/counters/counter.h"

namespace whydrop {

// A line of names above a line of values, both with the group before them (snmp, netstat):
// "Udp: InDatagrams NoPorts". The group is put before each name, as nstat does.
CounterGroup parse_counter_pairs(std::string_view text, const std::string &source);

// A name and a number on each line: snmp6, xfrm_stat, tls_stat.
CounterGroup parse_counter_list(std::string_view text, const std::string &source);

// /proc/net/stat: a line of names, and for each CPU a line of hexadecimal numbers.
std::vector<CounterGroup> parse_cpu_table(std::string_view text, const std::string &source);

// softnet_stat: a line for each CPU that is online, columns without names, whose number grew over
// the years (net/core/net-procfs.c, softnet_seq_show). The 13th says which CPU it is (kernels from
// 5.10); without it the lines are taken to be CPUs in their order.
std::vector<CounterGroup> parse_softnet(std::string_view text);

// /sys/kernel/irq/N/per_cpu_count: "12,0,7". The sum.
uint64_t parse_cpu_counts(std::string_view text);

}  // namespace whydrop
