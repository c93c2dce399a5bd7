// SPDX-License-Identifier: GPL-2.0-or-later
// `whydrop receive --path`: how far a known number of packets came, and where each of them ended.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "lab/frames.h"
#include "process.h"

namespace whydrop::live {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

struct Path {
    Json sums;
    std::map<std::string, Json> steps;  // by function
    std::vector<Json> ends;
    std::string said;

    [[nodiscard]] bool by_functions() const {
        return sums.value("watched_by", "") != "tracepoints";
    }
    // Nothing: the function is absent, or cannot be watched here.
    [[nodiscard]] std::optional<uint64_t> reached(const std::string &function) const {
        const auto at = steps.find(function);
        if (at == steps.end() || !at->second.value("watched", false))
            return {};
        return at->second.at("packets").get<uint64_t>();
    }
    [[nodiscard]] uint64_t ended(const std::string &how) const {
        uint64_t packets = 0;
        for (const Json &end : ends)
            if (end.at("end") == how && !end.at("copies"))
                packets += end.at("packets").get<uint64_t>();
        return packets;
    }
};

Path path_of(const std::string &lines) {
    Path path;
    path.said = lines;
    std::istringstream all(lines);
    for (std::string line; std::getline(all, line);) {
        const Json json = Json::parse(line);
        const std::string type = json.value("type", "");
        if (type == "path")
            path.sums = json;
        else if (type == "path_step")
            path.steps[json.at("function")] = json;
        else if (type == "path_end")
            path.ends.push_back(json);
    }
    return path;
}

class ReceivePath : public testing::Test {
  protected:
    void SetUp() override {
        auto network = LabNetwork::create();
        ASSERT_TRUE(network.ok()) << network.error().what;
        network_.emplace(std::move(*network));
    }
    // While these frames come; then `meanwhile`.
    Path path_of_frames(const FrameSpec &spec, uint64_t times, const Words &words,
                        const std::function<void()> &meanwhile = {}) {
        Words all = {WHYDROP_BINARY,
                     "receive",
                     "--path",
                     "-f",
                     "json",
                     "-n",
                     std::to_string(network_->inode(Side::rx))};
        all.insert(all.end(), words.begin(), words.end());
        Running observer(all);
        EXPECT_TRUE(comes_true(
            [&] { return observer.has_said(R"("type":"session")") || observer.has_ended(); },
            std::chrono::seconds(60)));
        auto sender = FrameSender::open(*network_, Side::tx);
        EXPECT_TRUE(sender.ok());
        EXPECT_TRUE(sender->send(build_frame(spec), times).ok());
        if (meanwhile)
            meanwhile();
        observer.signal(SIGINT);
        const Finished done = observer.finish();
        EXPECT_EQ(done.status, 0) << done.err;
        return path_of(done.out);
    }
    [[nodiscard]] Fd udp_socket(uint16_t port) const {
        auto there = network_->enter(Side::rx);
        EXPECT_TRUE(there.ok());
        Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr *>(&at), sizeof at), 0);
        return fd;
    }
    std::optional<LabNetwork> network_;
};

TEST_F(ReceivePath, ToASocketAndAProcess) {
    constexpr uint64_t times = 101;
    const Fd socket = udp_socket(9);
    const Path path =
        path_of_frames(frame_between(*network_, Side::tx), times, {"udp dst port 9"}, [&] {
            char bytes[64];
            for (uint64_t i = 0; i < times; i++)
                ASSERT_GT(recv(socket.get(), bytes, sizeof bytes, 0), 0);
        });
    EXPECT_EQ(path.sums.at("packets"), times) << path.said;
    if (path.by_functions()) {
        EXPECT_EQ(path.ended("read by a process"), times) << path.said;
        for (const char *function : {"ip_rcv", "ip_local_deliver", "udp_rcv"})
            EXPECT_EQ(path.reached(function).value_or(0), times) << function << path.said;
        EXPECT_EQ(path.reached("udp_queue_rcv_one_skb").value_or(times), times) << path.said;
        EXPECT_EQ(path.reached("tcp_v4_rcv").value_or(0), 0u) << path.said;
        // Its code may be in ip_rcv(): what came behind it has passed it all the same.
        EXPECT_EQ(path.steps.at("ip_rcv_finish").value("called", false), true) << path.said;
    } else {
        // No tracepoint passes a datagram that is read; it may be freed later.
        EXPECT_EQ(
            path.ended("read by a process") + path.ended("consumed") + path.ended("not ended yet"),
            times)
            << path.said;
    }
}

TEST_F(ReceivePath, ToAPortThatIsClosed) {
    constexpr uint64_t times = 103;
    const Path path = path_of_frames(frame_between(*network_, Side::tx), times, {"udp dst port 9"});
    EXPECT_EQ(path.sums.at("packets"), times) << path.said;
    ASSERT_EQ(path.ended("dropped"), times) << path.said;
    const Json &end = path.ends.at(0);
    EXPECT_EQ(end.value("reason", "NO_SOCKET"), "NO_SOCKET") << "or this kernel gives no reasons";
    EXPECT_NE(end.at("location").get<std::string>().find("udp"), std::string::npos) << path.said;
    if (path.by_functions()) {
        EXPECT_EQ(path.reached("udp_rcv").value_or(0), times) << path.said;
        EXPECT_EQ(path.reached("udp_queue_rcv_one_skb").value_or(0), 0u) << path.said;
    } else {
        EXPECT_GT(path.reached("icmp_send").value_or(0), 0u) << "there is a limit" << path.said;
    }
}

TEST_F(ReceivePath, NoFurtherThanABadChecksum) {
    constexpr uint64_t times = 107;
    FrameSpec spec = frame_between(*network_, Side::tx);
    spec.checksum_error = 0x0100;
    const Path path = path_of_frames(spec, times, {"--proto", "udp"});
    EXPECT_EQ(path.sums.at("packets"), times) << path.said;
    ASSERT_EQ(path.ended("dropped"), times) << path.said;
    const auto location = path.ends.at(0).at("location").get<std::string>();
    EXPECT_TRUE(location.starts_with("ip_rcv")) << location;
    if (path.by_functions()) {
        EXPECT_EQ(path.reached("ip_rcv").value_or(0), times) << path.said;
        EXPECT_EQ(path.reached("ip_rcv_finish"), std::optional<uint64_t>(0)) << path.said;
        EXPECT_EQ(path.steps.at("ip_rcv_finish").value("called", true), false) << path.said;
        EXPECT_NE(path.steps.at("ip_rcv_finish").at("note").get<std::string>().find("not called"),
                  std::string::npos);
    }
}

// What nobody reads is still there, and said to be.
TEST_F(ReceivePath, WhatIsHeldHasNotEnded) {
    constexpr uint64_t times = 13;
    const Fd socket = udp_socket(9);
    const Path path = path_of_frames(frame_between(*network_, Side::tx), times, {"udp dst port 9"});
    EXPECT_EQ(path.ended("not ended yet"), times) << path.said;
}

}  // namespace
}  // namespace whydrop::live
