// SPDX-License-Identifier: GPL-2.0-or-later
// Each scenario of the lab is really caused, a prime number of times, under `whydrop drops`: cause,
// reason and count have to be right, and the kernel's own counter has to agree.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/scenarios.h"
#include "process.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;

constexpr const char *kWhydrop = WHYDROP_BINARY;
constexpr const char *kLabTool = WHYDROP_LAB_TOOL;
// One for each scenario, so that counts cannot be taken for one another.
constexpr std::array kPrimes = {7,  11, 13, 17, 19, 23, 29, 31,  37,  41,  43,  47,  53,  59, 61,
                                67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131};

struct Seen {
    Json lab;                  // what lab_tool says it did
    std::vector<Json> groups;  // the final ones in the observed namespace
    bool losses = false;       // there was a line about losses
    Json session;
};

Seen parse(const std::string &out) {
    Seen seen;
    std::vector<Json> finals;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
        const Json json = Json::parse(line, nullptr, false);
        if (!json.is_object())
            continue;
        const std::string type = json.value("type", "");
        if (type.empty() && json.contains("netns_rx"))
            seen.lab = json;
        else if (type == "session")
            seen.session = json;
        else if (type == "losses")
            seen.losses = true;
        else if (type == "drop_group" && json.value("final", false))
            finals.push_back(json);
    }
    if (seen.lab.is_object())
        std::copy_if(finals.begin(), finals.end(), std::back_inserter(seen.groups),
                     [&](const Json &group) {
                         return group.value("netns", 0u) == seen.lab.value("netns_rx", 1u);
                     });
    return seen;
}

// Does the running kernel have a reason of this name? Its BTF has the string then.
bool kernel_knows(const std::string &reason) {
    static const std::string btf = [] {
        std::ifstream file("/sys/kernel/btf/vmlinux", std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }();
    const std::string name = "SKB_DROP_REASON_" + reason;
    return btf.find(std::string(name.c_str(), name.size() + 1)) != std::string::npos;
}

void check_group(const Scenario &scenario, const Json &group) {
    SCOPED_TRACE(group.dump());
    const bool named = kernel_knows(scenario.reason);
    const bool same_cause = named || scenario.derived_cause_id.empty();
    EXPECT_EQ(group.value("cause_id", ""),
              same_cause ? scenario.cause_id : scenario.derived_cause_id);
    if (named) {
        EXPECT_EQ(group.value("reason", ""), scenario.reason);
    }
    EXPECT_EQ(group.value("derived", named), !named) << "a reason or a derivation, never both";
    EXPECT_FALSE(group["explanation"].value("cause", "").empty());
    EXPECT_FALSE(group["explanation"]["next"].empty());
}

class Drops : public testing::TestWithParam<size_t> {};

TEST_P(Drops, AreCountedAndExplained) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "tracing the kernel and making namespaces needs root";
    const Scenario &scenario = scenarios()[GetParam()];
    SCOPED_TRACE(scenario.id + ": " + scenario.sentence);
    const auto times = static_cast<uint64_t>(kPrimes[GetParam() % kPrimes.size()]);
    // The network is kept until whydrop is done, which looks at its addresses to explain.
    const Result<LabNetwork> network = LabNetwork::create();
    ASSERT_TRUE(network) << network.error().what;
    const Finished done = run_process(
        {kWhydrop, "drops", "-f", "json", "--", kLabTool, "run", scenario.id, std::to_string(times),
         std::to_string(network->inode(Side::tx)), std::to_string(network->inode(Side::rx))});
    // Status 3 is the lab's: whydrop's own failures are 125 when it observes a command.
    if (done.status == 3)
        GTEST_SKIP() << "this kernel cannot do it: " << done.err;
    ASSERT_EQ(done.status, 0) << done.err;

    const Seen seen = parse(done.out);
    ASSERT_TRUE(seen.lab.is_object()) << "no line of lab_tool in " << done.out;
    EXPECT_TRUE(seen.session.is_object());
    EXPECT_TRUE(seen.losses);
    uint64_t events = 0;
    for (const Json &group : seen.groups) {
        events += group.value("events", uint64_t{0});
        check_group(scenario, group);
    }
    EXPECT_EQ(events, times);
    if (!scenario.counter.empty()) {
        EXPECT_EQ(seen.lab.value("counter_delta", uint64_t{0}), times) << scenario.counter;
    }
}

TEST(DropsOfOneNamespace, AreAllThatIsCounted) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "tracing the kernel and making namespaces needs root";
    const Result<LabNetwork> network = LabNetwork::create();
    ASSERT_TRUE(network) << network.error().what;
    const std::string tx = std::to_string(network->inode(Side::tx)),
                      rx = std::to_string(network->inode(Side::rx));
    // By inode and by pid; and the side where nothing is lost.
    const std::pair<std::string, uint64_t> rows[] = {
        {rx, 211}, {std::to_string(network->pid(Side::rx)), 211}, {tx, 0}};
    for (const auto &[netns, expected] : rows) {
        SCOPED_TRACE(netns);
        const Finished done = run_process({kWhydrop, "drops", "-f", "json", "-n", netns, "--",
                                           kLabTool, "run", "ipv4.checksum", "211", tx, rx});
        ASSERT_EQ(done.status, 0) << done.err;
        uint64_t events = 0;
        std::istringstream lines(done.out);
        for (std::string line; std::getline(lines, line);) {
            const Json json = Json::parse(line, nullptr, false);
            if (json.is_object() && json.value("type", "") == "drop_group" &&
                json.value("final", false))
                events += json.value("events", uint64_t{0});
        }
        EXPECT_EQ(events, expected);
    }
}

std::string test_name(const testing::TestParamInfo<size_t> &info) {
    std::string name = scenarios()[info.param].id;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Live, Drops, testing::Range<size_t>(0, scenarios().size()), test_name);

}  // namespace
}  // namespace whydrop::live
