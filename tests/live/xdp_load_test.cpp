// SPDX-License-Identifier: GPL-2.0-or-later
// whydrop xdp load and unload, on devices of our own: what is put there, what lives beside it, and
// what is refused. After each refusal the device is as it was.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "xdp_lab.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

std::string object(const std::string &name) {
    return std::string(WHYDROP_XDP_SUBJECTS) + "/" + name + ".bpf.o";
}

class XdpLoading : public XdpLab {
  protected:
    void TearDown() override {
        if (network_)
            whydrop({"unload", dev(), "--all", "--force"});
        std::filesystem::remove_all(pins_);
    }

    [[nodiscard]] std::string dev() const { return network_->port(Side::rx).name; }

    Finished whydrop(Words words) const {
        words.insert(words.begin(), {WHYDROP_BINARY, "xdp"});
        words.insert(words.end(), {"-n", netns(), "-f", "json"});
        return run_process(words);
    }
    // The line that says what was loaded.
    [[nodiscard]] Json load(const std::string &file, const std::string &program,
                            const Words &more = {}) const {
        Words words = {"load", dev(), object(file), "--prog", program};
        words.insert(words.end(), more.begin(), more.end());
        const Finished done = whydrop(words);
        EXPECT_EQ(done.status, 0) << done.err;
        return done.status == 0 ? Json::parse(done.out) : Json();
    }
    // Names of the programs on the device; a dispatcher's members behind it.
    [[nodiscard]] Words programs() const {
        const Finished done = whydrop({"status", "-i", dev()});
        EXPECT_EQ(done.status, 0) << done.err;
        Words names;
        for (const Json &line : of_type(json_lines(done.out), "xdp_program"))
            names.push_back(line["program"]);
        return names;
    }

    const std::string pins_ = "/sys/fs/bpf/whydrop-test-" + std::to_string(::getpid());
};

TEST_F(XdpLoading, TwoProgramsLiveTogetherOrTheSecondIsRefused) {
    const Json first = load("answers", "pass");
    EXPECT_EQ(first["program"], "pass");
    if (first["dispatched"] == true) {
        EXPECT_EQ(load("answers", "drop_port")["dispatched"], true);
        // The dispatcher and both; which comes first is libxdp's business.
        Words both = programs();
        std::sort(both.begin() + 1, both.end());
        EXPECT_EQ(Words(both.begin() + 1, both.end()), (Words{"drop_port", "pass"}));
        const Finished which = whydrop({"unload", dev()});
        EXPECT_EQ(which.status, 2);
        EXPECT_NE(which.err.find("has several programs: "), std::string::npos) << which.err;
        EXPECT_EQ(whydrop({"unload", dev(), "--id", first["id"].dump()}).status, 0);
        EXPECT_EQ(programs().back(), "drop_port");
        EXPECT_EQ(whydrop({"unload", dev()}).status, 0);
    } else {
        const Finished second = whydrop({"load", dev(), object("answers"), "--prog", "drop_port"});
        EXPECT_EQ(second.status, 2);
        EXPECT_NE(second.err.find("runs program " + first["id"].dump() + " already"),
                  std::string::npos)
            << second.err;
        EXPECT_EQ(programs(), Words{"pass"});
        EXPECT_EQ(whydrop({"unload", dev()}).status, 2) << "it may be somebody else's";
        EXPECT_EQ(whydrop({"unload", dev(), "--force"}).status, 0);
    }
    EXPECT_EQ(programs(), Words());
}

// Whoever knows nothing of dispatchers keeps the device to himself.
TEST_F(XdpLoading, WhatOthersPutThereStaysUnlessForced) {
    const std::string pid = std::to_string(network_->pid(Side::rx));
    const Finished others =
        run_process({"nsenter", "--net=/proc/" + pid + "/ns/net", "ip", "link", "set", "dev", dev(),
                     "xdpgeneric", "object", object("counted"), "section", "xdp"});
    ASSERT_EQ(others.status, 0) << others.err;
    const Finished refused = whydrop({"load", dev(), object("answers"), "--prog", "pass"});
    EXPECT_EQ(refused.status, 2) << refused.out;
    EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
    EXPECT_EQ(programs(), Words{"counted"});
    const Finished broken =
        whydrop({"load", dev(), object("rejected"), "--prog", "unchecked", "--force"});
    EXPECT_EQ(broken.status, 1) << broken.err;
    EXPECT_EQ(programs(), Words{"counted"}) << "back again, as the other did not come";
    EXPECT_TRUE(load("answers", "pass", {"--force"}).contains("replaced_id"));
    EXPECT_EQ(programs().back(), "pass");
}

TEST_F(XdpLoading, PinnedMapsAreUsedAgain) {
    const Json first = load("counted", "counted", {"--mode", "skb", "--pin", pins_});
    ASSERT_EQ(first["pinned"][0], pins_ + "/xdp_stats_map");
    EXPECT_TRUE(std::filesystem::exists(pins_ + "/xdp_stats_map"));
    ASSERT_EQ(whydrop({"unload", dev(), "--all", "--force"}).status, 0);
    EXPECT_EQ(programs(), Words());
    EXPECT_TRUE(std::filesystem::exists(pins_ + "/xdp_stats_map")) << "it outlives the program";
    const Finished again =
        whydrop({"load", dev(), object("counted"), "--mode", "skb", "--pin", pins_});
    EXPECT_EQ(again.status, 2);
    EXPECT_NE(again.err.find("is there already"), std::string::npos) << again.err;
    const Json reused =
        load("counted", "counted", {"--mode", "skb", "--pin", pins_, "--reuse-maps"});
    EXPECT_EQ(reused["program"], "counted");
}

struct Refusal {
    const char *why;
    Words words;  // behind "load DEV"
    int status;
    Words said;
};

TEST_F(XdpLoading, SaysWhatIsWrongAndLeavesNothing) {
    const std::string folder = WHYDROP_XDP_SUBJECTS;
    const Refusal refusals[] = {
        {"several programs", {object("answers")}, 2, {"several XDP programs", "drop_port (xdp)"}},
        {"none of that name",
         {object("answers"), "--prog", "nobody"},
         2,
         {"no program 'nobody'", "pass (xdp)"}},
        {"of another type",
         {object("rejected"), "--prog", "of_a_socket"},
         2,
         {"'of_a_socket' is no XDP program: its section is socket"}},
        {"the verifier refuses it",
         {object("rejected"), "--prog", "unchecked"},
         1,
         {"verifier refuses the program:", "invalid access to packet",
          "not compared with data_end first"}},
        {"no file", {folder + "/nothing.o"}, 2, {"cannot open"}},
        {"no object", {folder + "/../CTestTestfile.cmake"}, 2, {"cannot open"}},
        {"a device's own mode, without a device",
         {object("answers"), "--prog", "pass", "--mode", "offload"},
         2,
         {"has no XDP of mode offload", "--mode skb works with every driver"}},
        {"a directory that keeps nothing",
         {object("counted"), "--pin", "/tmp/whydrop-no-bpffs"},
         1,
         {"/tmp/whydrop-no-bpffs is in no bpffs"}},
    };
    for (const Refusal &refusal : refusals) {
        Words words = {"load", dev()};
        words.insert(words.end(), refusal.words.begin(), refusal.words.end());
        const Finished done = whydrop(words);
        EXPECT_EQ(done.status, refusal.status) << refusal.why << ": " << done.out << done.err;
        for (const std::string &said : refusal.said)
            EXPECT_NE(done.err.find(said), std::string::npos) << refusal.why << ": " << done.err;
        EXPECT_EQ(programs(), Words()) << refusal.why;
    }
}

TEST_F(XdpLoading, ADeviceWithoutTheModeIsToldTheOneThatWorks) {
    const Finished native = whydrop({"load", "lo", object("answers"), "--prog", "pass"});
    EXPECT_EQ(native.status, 2) << native.out;
    EXPECT_NE(native.err.find("the driver of lo has no XDP of mode native"), std::string::npos)
        << native.err;
    EXPECT_EQ(whydrop({"load", "lo", object("answers"), "--prog", "pass", "--mode", "skb"}).status,
              0);
    EXPECT_EQ(whydrop({"unload", "lo", "--all", "--force"}).status, 0);
    EXPECT_EQ(whydrop({"unload", "lo", "--all"}).status, 2) << "there is none any more";
    const Finished nowhere = whydrop({"load", "no-such-dev", object("counted")});
    EXPECT_EQ(nowhere.status, 2);
    EXPECT_NE(nowhere.err.find("no device 'no-such-dev'"), std::string::npos) << nowhere.err;
}

// As `ip netns exec` leaves a process: a /sys of its own, in which no bpffs is mounted.
TEST_F(XdpLoading, FindsABpffsFromWithinANamespace) {
    if (run_process({"stat", "-f", "-c", "%T", "/proc/1/root/sys/fs/bpf"}).out != "bpf_fs\n")
        GTEST_SKIP() << "process 1 sees no bpffs here";
    const std::string pid = std::to_string(network_->pid(Side::rx));
    const Finished done = run_process(
        {"unshare", "--mount", "nsenter", "--net=/proc/" + pid + "/ns/net", "sh", "-c",
         "mount -t sysfs sysfs /sys && exec '" + std::string(WHYDROP_BINARY) + "' xdp load " +
             dev() + " '" + object("counted") + "' -f json --mode skb --pin " + pins_});
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(Json::parse(done.out)["pinned"][0], "/proc/1/root" + pins_ + "/xdp_stats_map");
    EXPECT_TRUE(std::filesystem::exists(pins_ + "/xdp_stats_map"));
    EXPECT_EQ(programs().back(), "counted");
}

}  // namespace
}  // namespace whydrop::live
