// SPDX-License-Identifier: GPL-2.0-or-later
// What is observed goes away meanwhile: the run goes on, and what was counted stays counted.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "lab/scenarios.h"
#include "process.h"

namespace whydrop::live {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr auto kPatience = 30s;

class Gone : public testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = why_not_here(WHYDROP_BINARY); !why.empty())
            GTEST_SKIP() << why;
        Result<LabNetwork> made = LabNetwork::create();
        ASSERT_TRUE(made) << made.error().what;
        network_.emplace(std::move(*made));
    }

    // whydrop, attached, on the receiving side of the network.
    void start(const std::vector<std::string> &more) {
        std::vector<std::string> words = {
            WHYDROP_BINARY, "drops", "-f", "json", "-n", std::to_string(network_->inode(Side::rx))};
        words.insert(words.end(), more.begin(), more.end());
        run_.emplace(words);
        ASSERT_TRUE(comes_true([&] { return run_->has_said("\"session\""); }, kPatience));
    }

    void lose(unsigned times) {
        const Status caused = find_scenario("ipv4.checksum")->cause(*network_, times);
        ASSERT_TRUE(caused) << caused.error().what;
    }

    void expect_at_the_end(uint64_t expected) {
        run_->signal(SIGINT);
        const Finished done = run_->finish(kPatience);
        EXPECT_EQ(done.status, 0) << done.err;
        EXPECT_EQ(done.err, "");
        uint64_t events = 0;
        std::istringstream lines(done.out);
        for (std::string line; std::getline(lines, line);) {
            const Json json = Json::parse(line, nullptr, false);
            ASSERT_TRUE(json.is_object()) << line;
            if (json.value("type", "") != "drop_group" || !json.value("final", false))
                continue;
            events += json.value("events", uint64_t{0});
            EXPECT_EQ(json.value("dev", ""), "lab1") << line;
            EXPECT_EQ(json.value("cause_id", ""), "ipv4.checksum") << line;
        }
        EXPECT_EQ(events, expected) << done.out;
    }

    std::optional<LabNetwork> network_;
    std::optional<Running> run_;
};

TEST_F(Gone, ADevice) {
    start({"-i", "lab1"});
    lose(17);
    const std::string inside =
        "nsenter --net=/proc/" + std::to_string(network_->pid(Side::rx)) + "/ns/net ";
    ASSERT_EQ(std::system((inside + "ip link del lab1").c_str()), 0);
    ASSERT_NE(std::system((inside + "ip link show lab1 2>/dev/null").c_str()), 0);
    expect_at_the_end(17);
}

TEST_F(Gone, ANamespace) {
    start({});
    lose(19);
    const pid_t inside = network_->pid(Side::rx);
    network_.reset();
    EXPECT_TRUE(comes_true([&] { return ::kill(inside, 0) != 0; }, kPatience));
    expect_at_the_end(19);
}

TEST_F(Gone, ANamespaceWithEachDrop) {
    start({"--each"});
    lose(23);
    network_.reset();
    expect_at_the_end(23);
}

}  // namespace
}  // namespace whydrop::live
