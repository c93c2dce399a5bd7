// SPDX-License-Identifier: GPL-2.0-or-later
// Files of counters and messages of netlink. The input's first byte chooses what it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "source/counters/delta.h"
#include "source/counters/message.h"
#include "source/counters/proc_text.h"

using namespace whydrop;

namespace {

// Nothing changed between a reading and itself, and nothing went; from nothing, no count falls.
void compare(std::vector<CounterGroup> groups) {
    const CounterReading reading{std::move(groups), {}};
    // Two places of one name, which no kernel has, may differ from each other.
    if (reading.groups.size() == 1 && !counters_gone(reading, reading).empty())
        std::abort();
    for (const CounterChange &change : counter_changes({}, reading))
        if (!change.appeared || change.reset || change.wrapped)
            std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const Bytes bytes(data + 1, size - 1);
    const std::string_view text(reinterpret_cast<const char *>(data) + 1, size - 1);
    const DeviceNames names = {{0, "lo"}, {1, "eth0"}};
    switch (data[0] % 9) {
        case 0:
            compare({parse_counter_pairs(text, "snmp")});
            break;
        case 1:
            compare({parse_counter_list(text, "snmp6")});
            break;
        case 2:
            compare(parse_cpu_table(text, "nf_conntrack"));
            break;
        case 3:
            compare(parse_softnet(text));
            break;
        case 4:
            (void)parse_cpu_counts(text);
            break;
        case 5:
            compare(read_link_stats(bytes, names));
            break;
        case 6:
            compare(read_qdisc_stats(bytes, names));
            break;
        case 7:
            compare(read_standard_stats(bytes));
            compare(read_pause_stats(bytes));
            break;
        default:
            (void)read_device_name(bytes);
    }
    return 0;
}
