// SPDX-License-Identifier: GPL-2.0-or-later
// Causes the drops of one scenario, to be observed: `whydrop drops -- lab_tool run ipv4.checksum
// 7`. Prints what it did as one JSON line. Exit codes as whydrop's own: 3 where this kernel cannot.
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "lab/counters.h"
#include "lab/scenarios.h"

namespace {

using namespace whydrop;

int complain(const Error &error) {
    std::fprintf(stderr, "lab_tool: %s%s%s\n", error.what.c_str(), error.hint.empty() ? "" : "; ",
                 error.hint.c_str());
    return static_cast<int>(error.code);
}

int list() {
    for (const Scenario &scenario : scenarios())
        std::printf("%-24s %s\n", scenario.id.c_str(), scenario.sentence.c_str());
    return 0;
}

uint64_t count_of(const LabNetwork &network, const std::string &counter) {
    const Result<uint64_t> value = read_counter(network, Side::rx, counter);
    return value ? *value : 0;
}

int run(const Scenario &scenario, unsigned times, Result<LabNetwork> network) {
    if (!network)
        return complain(network.error());
    const uint64_t before = count_of(*network, scenario.counter);
    if (const Status caused = scenario.cause(*network, times); !caused)
        return complain(caused.error());
    nlohmann::ordered_json line = {{"id", scenario.id},
                                   {"times", times},
                                   {"netns_tx", network->inode(Side::tx)},
                                   {"netns_rx", network->inode(Side::rx)}};
    if (!scenario.counter.empty()) {
        line["counter"] = scenario.counter;
        line["counter_delta"] = count_of(*network, scenario.counter) - before;
    }
    std::printf("%s\n", line.dump().c_str());
    return 0;
}

}  // namespace

int main(int argc, char **argv) {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "list" && argc == 2)
        return list();
    const bool join = argc == 6;
    const bool complete = argc == 4 || join;
    unsigned times = 0;
    const std::string count = complete ? argv[3] : "";
    const Scenario *scenario = complete ? find_scenario(argv[2]) : nullptr;
    const auto parsed = std::from_chars(count.data(), count.data() + count.size(), times);
    if (verb == "run" && scenario != nullptr && parsed.ec == std::errc() && times > 0)
        return run(*scenario, times,
                   join ? LabNetwork::join(argv[4], argv[5]) : LabNetwork::create());
    std::fprintf(stderr, "usage: lab_tool list | lab_tool run ID COUNT [NETNS_TX NETNS_RX]\n");
    return static_cast<int>(Errc::usage);
}
