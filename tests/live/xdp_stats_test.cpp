// SPDX-License-Identifier: GPL-2.0-or-later
// `whydrop xdp stats` while packets are sent: whatever way this kernel has of counting them, what
// was sent is what it says.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "process.h"
#include "xdp_lab.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

// What it said in the end, and whether all it said on the way made sense.
struct Said {
    Finished finished;
    std::vector<Json> counts, errors;  // final ones
    std::vector<Json> changes;         // all, once
    std::vector<Json> counted;
    Json losses;

    // Of this program's answers.
    [[nodiscard]] uint64_t sum(uint32_t program, const std::string &action,
                               const char *what = "packets") const {
        uint64_t all = 0;
        for (const Json &row : counts)
            if (row.at("id") == program && row.value("action", "") == action)
                all += row.value(what, uint64_t{0});
        return all;
    }
    [[nodiscard]] std::string by(uint32_t program) const {
        for (const Json &row : counted)
            if (row.at("id") == program)
                return row.value("by", "");
        return {};
    }
    // What `times` of one answer and `others` of another have to be, by the way of counting.
    void expect(uint32_t program, const std::map<std::string, uint64_t> &answers,
                uint64_t bytes) const {
        SCOPED_TRACE(by(program));
        uint64_t all = 0;
        for (const auto &[action, times] : answers) {
            all += times;
            if (by(program) == "run_cnt")
                continue;
            EXPECT_EQ(sum(program, action), times) << action;
            EXPECT_EQ(sum(program, action, "bytes"), times * bytes) << action;
        }
        if (by(program) == "run_cnt") {
            EXPECT_EQ(sum(program, ""), all);
        }
    }
};

Said said_by(Finished finished) {
    Said said;
    said.finished = std::move(finished);
    std::istringstream lines(said.finished.out);
    for (std::string text; std::getline(lines, text);) {
        const Json line = Json::parse(text, nullptr, false);
        EXPECT_TRUE(line.is_object()) << text;
        if (!line.is_object())
            continue;
        const std::string type = line.at("type");
        for (const char *rate : {"packets_per_second", "mbit_per_second", "frames_per_second"})
            if (line.contains(rate)) {
                EXPECT_GE(line.at(rate).get<double>(), 0) << text;
                EXPECT_LT(line.at(rate).get<double>(), 1e6) << text;
            }
        if (type == "xdp_count" && line.at("final"))
            said.counts.push_back(line);
        if (type == "xdp_error" && line.at("final"))
            said.errors.push_back(line);
        if (type == "xdp_change" &&
            std::find(said.changes.begin(), said.changes.end(), line) == said.changes.end())
            said.changes.push_back(line);
        if (type == "losses")
            said.losses = line.at("losses");
        if (type == "xdp_counted" &&
            std::find(said.counted.begin(), said.counted.end(), line) == said.counted.end())
            said.counted.push_back(line);
    }
    return said;
}

class XdpStats : public XdpLab {
  protected:
    [[nodiscard]] std::string device() const { return network_->port(Side::rx).name; }
    // Returns when what is there is counted.
    void start(const Words &more = {}) {
        Words words = {WHYDROP_BINARY, "xdp",  "stats",      "-n", netns(),
                       "-f",           "json", "--interval", "0.1"};
        words.insert(words.end(), more.begin(), more.end());
        stats_.emplace(words);
        EXPECT_TRUE(says("\"session\"")) << stats_->finish().err;
    }
    // One of these.
    bool says(const std::vector<std::string> &texts) {
        const auto said = [&] {
            return std::any_of(texts.begin(), texts.end(),
                               [&](const std::string &text) { return stats_->has_said(text); });
        };
        return comes_true([&] { return said() || stats_->has_ended(); },
                          std::chrono::seconds(30)) &&
               said();
    }
    bool says(const std::string &text) { return says(std::vector{text}); }
    Said stop() {
        stats_->signal(SIGINT);
        return said_by(stats_->finish());
    }
    Said end() { return said_by(stats_->finish()); }
    std::optional<Running> stats_;
};

struct CountedRow {
    const char *sentence, *file, *program;
    uint32_t mode;
    std::map<std::string, uint64_t> answers;
};

TEST_F(XdpStats, WhatWasSentIsWhatIsCounted) {
    const CountedRow rows[] = {
        {"it has counts of its own",
         "counted",
         "counted",
         XDP_FLAGS_DRV_MODE,
         {{"pass", passed}, {"drop", dropped}}},
        {"it has none",
         "answers",
         "drop_port",
         XDP_FLAGS_DRV_MODE,
         {{"pass", passed}, {"drop", dropped}}},
        {"it runs for any driver",
         "answers",
         "drop_port",
         XDP_FLAGS_SKB_MODE,
         {{"pass", passed}, {"drop", dropped}}},
        {"an answer that is none",
         "answers",
         "nonsense",
         XDP_FLAGS_DRV_MODE,
         {{"pass", passed}, {"invalid", dropped}}},
        {"it sends back",
         "answers",
         "send_back",
         XDP_FLAGS_DRV_MODE,
         {{"pass", passed}, {"tx", dropped}}},
        {"the length is that of the frame as it came",
         "packets",
         "grow",
         XDP_FLAGS_DRV_MODE,
         {{"pass", passed + dropped}}},
    };
    for (const CountedRow &row : rows) {
        SCOPED_TRACE(row.sentence);
        const XdpSubject there = subject(row.file, row.program, row.mode);
        start({"-c", std::to_string(passed + dropped)});
        send_both();
        const Said said = end();  // when all are counted
        EXPECT_EQ(said.finished.status, 0) << said.finished.err;
        said.expect(there.id(), row.answers, frame_bytes());
        EXPECT_TRUE(said.changes.empty()) << Json(said.changes);
        for (const Json &count : said.counts) {
            EXPECT_EQ(count.at("dev"), device());
            EXPECT_EQ(count.at("mode"), row.mode == XDP_FLAGS_SKB_MODE ? "generic" : "native");
            EXPECT_GT(count.at("period_s").get<double>(), 0);
        }
    }
}

// The device has another program from one moment to the next.
TEST_F(XdpStats, AProgramThatIsReplacedIsFollowed) {
    std::optional<XdpSubject> first(subject("counted", "counted"));
    start();
    send_both();
    EXPECT_TRUE(says(std::vector{"\"packets\":" + std::to_string(dropped) + ",",
                                 "\"packets\":" + std::to_string(passed + dropped) + ","}));
    const XdpSubject second = subject("counted", "counted");
    EXPECT_TRUE(says("\"new_id\":" + std::to_string(second.id())));
    send(dropped_port, 13);
    EXPECT_TRUE(says("\"packets\":13,"));
    const Said said = stop();
    EXPECT_EQ(said.finished.status, 0) << said.finished.err;
    said.expect(first->id(), {{"pass", passed}, {"drop", dropped}}, frame_bytes());
    said.expect(second.id(), {{"drop", 13}}, frame_bytes());
    ASSERT_EQ(said.changes.size(), 1u) << Json(said.changes);
    const Json &change = said.changes[0];
    EXPECT_EQ(change.at("dev"), device());
    EXPECT_EQ(change.at("old_id"), first->id());
    EXPECT_EQ(change.at("new_id"), second.id());
    if (said.by(first->id()).starts_with("map")) {
        EXPECT_NE(change.at("change").get<std::string>().find("its map"), std::string::npos);
    }
}

class XdpStatsDispatched : public XdpStats {
  protected:
    // The id of a program that whydrop has put there; 0: it stands alone.
    uint32_t load(const std::string &program) const {
        const Finished done = run_process({WHYDROP_BINARY, "xdp", "load", device(),
                                           std::string(WHYDROP_XDP_SUBJECTS) + "/answers.bpf.o",
                                           "--prog", program, "-n", netns(), "-f", "json"});
        EXPECT_EQ(done.status, 0) << done.err;
        const Json line = Json::parse(done.out, nullptr, false);
        return line.is_object() && line.at("dispatched") ? line.at("id").get<uint32_t>() : 0;
    }
    void TearDown() override {
        if (network_)
            run_process(
                {WHYDROP_BINARY, "xdp", "unload", device(), "-n", netns(), "--all", "--force"});
    }
};

// One, and then two, which libxdp calls by their names where they ask for the same place: what each
// answers, and what becomes of it.
TEST_F(XdpStatsDispatched, EachMemberAndTheVerdict) {
    const uint32_t second = load("pass");
    if (second == 0)
        GTEST_SKIP() << "this kernel does not let several programs live on one device";
    start();
    send(passed_port, 3);
    EXPECT_TRUE(says("\"packets\":3,"));
    const uint32_t first = load("drop_port");
    ASSERT_NE(first, 0u);
    EXPECT_TRUE(says("\"new_id\":" + std::to_string(first)));
    send_both();
    EXPECT_TRUE(says("\"packets\":" + std::to_string(3 + passed) + ","));
    const Said said = stop();
    EXPECT_EQ(said.finished.status, 0) << said.finished.err;
    said.expect(first, {{"pass", passed}, {"drop", dropped}}, frame_bytes());
    said.expect(second, {{"pass", 3 + passed}}, frame_bytes());
    std::map<std::string, uint64_t> verdicts;
    for (const Json &row : said.counts)
        if (row.at("verdict"))
            verdicts[row.value("action", "")] += row.at("packets").get<uint64_t>();
    EXPECT_EQ(verdicts, (std::map<std::string, uint64_t>{{"pass", passed}, {"drop", dropped}}));
    EXPECT_EQ(said.changes.size(), 2u) << "one came, and a dispatcher: " << Json(said.changes);
}

// Errors stand beside the answers.
TEST_F(XdpStats, ErrorsHaveProgramAndDevice) {
    const XdpSubject there = subject("answers", "abort_port");
    start({"-i", device()});
    send_both();
    EXPECT_TRUE(says("\"frames\":" + std::to_string(dropped) + ","));
    const Said said = stop();
    ASSERT_EQ(said.errors.size(), 1u) << Json(said.errors);
    const Json &error = said.errors[0];
    EXPECT_EQ(error.at("tracepoint"), "xdp_exception");
    EXPECT_EQ(error.at("error"), "ABORTED");
    EXPECT_EQ(error.at("frames"), dropped);
    EXPECT_EQ(error.at("program_id"), there.id());
    EXPECT_EQ(error.at("dev"), device());
}

TEST_F(XdpStats, AProgramWithoutBtfSaysSo) {
    auto bare =
        XdpSubject::attach_bare(network_->netns(Side::rx), network_->port(Side::rx).ifindex);
    ASSERT_TRUE(bare.ok()) << bare.error().what;
    start({"-c", "7"});
    send(passed_port, 7);
    const Said said = end();
    EXPECT_EQ(said.by(bare->id()), "run_cnt");
    EXPECT_EQ(said.sum(bare->id(), ""), 7u);
    ASSERT_EQ(said.counted.size(), 1u);
    const Json &refused = said.counted[0].at("refused");
    ASSERT_EQ(refused.size(), 2u);
    EXPECT_NE(refused[0].get<std::string>().find("no BTF"), std::string::npos) << refused;
    EXPECT_NE(refused[1].get<std::string>().find("it has no map"), std::string::npos) << refused;
}

// What goes away, and what is said in the end.
TEST_F(XdpStats, ADeviceThatIsRemovedEndsTheRun) {
    const XdpSubject there = subject("counted", "counted");
    start({"-i", device()});
    send(dropped_port, dropped);
    EXPECT_TRUE(says("\"packets\":" + std::to_string(dropped) + ","));
    run_process({"nsenter", "-t", std::to_string(network_->pid(Side::rx)), "-n", "ip", "link",
                 "del", device()});
    const Said said = end();
    EXPECT_EQ(said.finished.status, 1) << said.finished.err;
    EXPECT_NE(said.finished.err.find(device() + " went away"), std::string::npos)
        << said.finished.err;
    said.expect(there.id(), {{"drop", dropped}}, frame_bytes());
    ASSERT_EQ(said.losses.size(), 1u) << said.losses;
    EXPECT_EQ(said.losses[0].at("kind"), "gone");
}

TEST_F(XdpStats, ANamespaceThatGoesAwayEndsTheRun) {
    {
        const XdpSubject there = subject("counted", "counted");
        start();
        send(dropped_port, dropped);
        EXPECT_TRUE(says("\"packets\":" + std::to_string(dropped) + ","));
    }
    EXPECT_TRUE(says("was taken off"));
    network_.reset();
    const Said said = end();
    EXPECT_EQ(said.finished.status, 1) << said.finished.err;
    EXPECT_NE(said.finished.err.find("went away"), std::string::npos) << said.finished.err;
}

// A program that comes while a command runs is counted, and the command's status is ours.
TEST_F(XdpStats, ACommandMayLoadTheProgram) {
    const std::string whydrop = WHYDROP_BINARY;
    const Finished done = run_process(
        {whydrop, "xdp", "stats", "-n", netns(), "-f", "json", "--interval", "0.1", "--",
         "/bin/bash", "-c",
         whydrop + " xdp load " + device() + " " + WHYDROP_XDP_SUBJECTS +
             "/answers.bpf.o --prog pass -n " + netns() + " >&2; read -t 1 <> <(:); " + whydrop +
             " xdp unload " + device() + " --all --force -n " + netns() + " >&2; exit 17"});
    const Said said = said_by(done);
    EXPECT_EQ(done.status, 17) << done.err;
    ASSERT_FALSE(said.changes.empty()) << done.out;
    EXPECT_NE(said.changes[0].at("change").get<std::string>().find("was put on it"),
              std::string::npos)
        << Json(said.changes);
}

}  // namespace
}  // namespace whydrop::live
