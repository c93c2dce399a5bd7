// SPDX-License-Identifier: GPL-2.0-or-later
// Nothing of whydrop stays on the system, however it ends, and a second copy is not disturbed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "lab/scenarios.h"
#include "process.h"
#include "system_state.h"

namespace whydrop::live {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

const std::string kWhydrop = WHYDROP_BINARY;

// The kernel takes namespaces, programs and maps apart after their last owner has gone, some of
// them seconds later.
constexpr auto kPatience = 30s;

class Leftovers : public testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = why_not_here(kWhydrop); !why.empty())
            GTEST_SKIP() << why;
        before_ = SystemState::now();
    }

    // Everything is as it was, soon.
    void expect_nothing_left() {
        std::vector<std::string> left;
        const bool same = comes_true(
            [&] {
                left = differences(before_, SystemState::now());
                return left.empty();
            },
            kPatience);
        std::string lines;
        for (const std::string &line : left)
            lines += "\n  " + line;
        EXPECT_TRUE(same) << "left behind:" << lines;
    }

    // A whole run of the demo, with every cause recognised.
    static void expect_demo_works() {
        const Finished done = Running({kWhydrop, "demo"}).finish();
        EXPECT_EQ(done.status, 0) << done.err;
        EXPECT_NE(done.err.find("causes were recognised"), std::string::npos) << done.err;
    }

    SystemState before_;
};

// The comparison itself: a namespace, its name, a sysctl and a map are seen, and seen to go.
TEST_F(Leftovers, AreSeenByTheComparison) {
    if (std::system("ip netns add whydrop-test-left") != 0)
        GTEST_SKIP() << "`ip netns` does not work here";
    Running counting({kWhydrop, "drops", "-f", "json"});
    EXPECT_TRUE(comes_true([&] { return counting.has_said("\"session\""); }, kPatience));
    const std::vector<std::string> left = differences(before_, SystemState::now());
    for (const char *kind :
         {"netns name whydrop-test-left", "netns 4", "bpf program", "bpf map", "bpf link"}) {
        const auto has_kind = [&](const std::string &line) { return line.starts_with(kind); };
        EXPECT_TRUE(std::any_of(left.begin(), left.end(), has_kind)) << kind;
    }
    SystemState changed = before_;
    changed.settings.begin()->second += "?";
    changed.settings.erase("sysctl net/ipv4/ip_forward");
    EXPECT_EQ(differences(before_, changed).size(), 2u);

    EXPECT_EQ(std::system("ip netns del whydrop-test-left"), 0);
    counting.signal(SIGTERM);
    EXPECT_EQ(counting.finish().status, 0);
    expect_nothing_left();
}

TEST_F(Leftovers, AreNoneAfterARunToTheEnd) {
    expect_demo_works();
    expect_nothing_left();
}

TEST_F(Leftovers, AreNoneAfterCtrlC) {
    struct Row {
        const char *sentence;
        std::vector<std::string> words;
        const char *middle;   // it is in the middle when it has said this
        const char *summary;  // what it says at the end
    };
    const Row rows[] = {
        {"the demo, while it loses packets", {"demo", "--times", "20011"}, "demo: lost", "stopped"},
        {"counting as text", {"drops", "-v"}, "kfree_skb", "total:"},
        {"counting as JSON", {"drops", "-f", "json"}, "\"session\"", "\"losses\""},
        {"each drop", {"drops", "--each", "-f", "json"}, "\"session\"", "\"losses\""},
        {"with stacks", {"drops", "--by", "stack", "-f", "json"}, "\"session\"", "\"losses\""},
    };
    for (const Row &row : rows) {
        SCOPED_TRACE(row.sentence);
        std::vector<std::string> words = {kWhydrop};
        words.insert(words.end(), row.words.begin(), row.words.end());
        Running run(words);
        EXPECT_TRUE(comes_true([&] { return run.has_said(row.middle); }, kPatience));
        run.signal(SIGINT);
        const Finished done = run.finish(kPatience);
        EXPECT_EQ(done.status, 0) << done.err;
        EXPECT_NE((done.out + done.err).find(row.summary), std::string::npos)
            << done.out << done.err;
        EXPECT_TRUE(run.members().empty());
    }
    expect_nothing_left();
}

// Final groups of the JSON lines.
uint64_t final_events(const std::string &out) {
    uint64_t events = 0;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
        const Json json = Json::parse(line, nullptr, false);
        if (json.is_object() && json.value("type", "") == "drop_group" &&
            json.value("final", false))
            events += json.value("events", uint64_t{0});
    }
    return events;
}

uint64_t seed() {
    const char *given = std::getenv("WHYDROP_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

// Kills one run after `moment`, in which it may have come to anything.
void kill_at(const std::vector<std::string> &words, std::chrono::microseconds moment) {
    Running run(words);
    ::usleep(static_cast<useconds_t>(moment.count()));
    run.signal(SIGKILL);
    const Finished done = run.finish(kPatience);
    EXPECT_EQ(done.status, 128 + SIGKILL) << done.err;
    EXPECT_TRUE(comes_true([&] { return run.members().empty(); }, kPatience))
        << "a process survives";
}

TEST_F(Leftovers, AreNoneAfterKillMinus9AndASecondCopyGoesOn) {
    const uint64_t chosen = seed();
    std::printf("WHYDROP_SEED=%llu\n", static_cast<unsigned long long>(chosen));
    std::mt19937_64 random(chosen);

    Result<LabNetwork> network = LabNetwork::create();
    ASSERT_TRUE(network) << network.error().what;
    const Scenario *scenario = find_scenario("ipv4.checksum");
    ASSERT_NE(scenario, nullptr);
    Running second({kWhydrop, "drops", "-f", "json", "-d", "600", "-n",
                    std::to_string(network->inode(Side::rx))});
    ASSERT_TRUE(comes_true([&] { return second.has_said("\"session\""); }, kPatience));
    ASSERT_TRUE(scenario->cause(*network, 101));

    const auto started = Clock::now();
    expect_demo_works();
    const auto whole =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started);
    for (int round = 0; round < 7; round++) {
        const std::chrono::microseconds moment(random() % (9 * whole.count() / 10));
        SCOPED_TRACE("round " + std::to_string(round) + ", killed after " +
                     std::to_string(moment.count()) + " us");
        // The demo must not be over at that moment, however fast this run is.
        if (round % 2 == 0)
            kill_at({kWhydrop, "demo", "--times", "20011"}, moment);
        else
            kill_at({kWhydrop, "drops"}, moment);
        ASSERT_TRUE(scenario->cause(*network, 13));
    }
    expect_demo_works();

    second.signal(SIGINT);
    const Finished done = second.finish(kPatience);
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(final_events(done.out), 101u + 7 * 13);
    { const LabNetwork released = std::move(*network); }
    expect_nothing_left();
}

}  // namespace
}  // namespace whydrop::live
