// SPDX-License-Identifier: GPL-2.0-or-later
#include "xdp_lab.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <csignal>
#include <sstream>

#include "lab/frames.h"

namespace whydrop::live {

namespace {

std::vector<std::string> command_of(std::vector<std::string> words) {
    words.insert(words.begin(), {WHYDROP_BINARY, "xdp"});
    words.insert(words.end(), {"-f", "json", "--interval", "0.1"});
    return words;
}

}  // namespace

void XdpLab::SetUp() {
    auto network = LabNetwork::create();
    ASSERT_TRUE(network.ok()) << network.error().what;
    network_.emplace(std::move(*network));
}

XdpSubject XdpLab::subject(const std::string &file, const std::string &program, uint32_t mode,
                           unsigned link) const {
    auto attached = XdpSubject::attach(file, program, network_->netns(Side::rx),
                                       network_->port(Side::rx, link).ifindex, mode);
    EXPECT_TRUE(attached.ok()) << attached.error().what;
    return std::move(*attached);
}

void XdpLab::send(uint16_t port, uint64_t times, uint16_t payload) const {
    FrameSpec spec = frame_between(*network_, Side::tx);
    spec.dport = port;
    spec.payload_bytes = payload;
    const auto frame = build_frame(spec);
    const auto inside = network_->enter(Side::tx);
    ASSERT_TRUE(inside.ok());
    const Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    sockaddr_ll device = {};
    device.sll_family = AF_PACKET;
    device.sll_ifindex = static_cast<int>(network_->port(Side::tx).ifindex);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr *>(&device), sizeof device), 0);
    for (uint64_t i = 0; i < times; i++)
        ASSERT_EQ(::send(socket.get(), frame.data(), frame.size(), 0),
                  static_cast<ssize_t>(frame.size()));
}

uint64_t XdpLab::frame_bytes(uint16_t payload) const {
    FrameSpec spec = frame_between(*network_, Side::tx);
    spec.payload_bytes = payload;
    return build_frame(spec).size();
}

XdpLooker::XdpLooker(std::vector<std::string> words) : process_(command_of(std::move(words))) {}

bool XdpLooker::begins() {
    comes_true([&] { return process_.has_said("\"type\":\"session\"") || process_.has_ended(); },
               patience);
    return !process_.has_ended();
}

bool XdpLooker::counts(const std::string &total, const std::string &key, uint64_t number) {
    const std::string counted =
        "\"type\":\"" + total + "\",\"schema\":1,\"" + key + "\":" + std::to_string(number) + ",";
    return comes_true([&] { return process_.has_said(counted); }, patience);
}

std::vector<nlohmann::json> XdpLooker::end() {
    process_.signal(SIGINT);
    finished_ = process_.finish();
    std::vector<nlohmann::json> last;
    for (nlohmann::json &line : json_lines(finished_.out)) {
        if (line["type"].get<std::string>().ends_with("_total"))
            last.clear();
        last.push_back(std::move(line));
    }
    return last;
}

std::vector<nlohmann::json> json_lines(const std::string &text) {
    std::vector<nlohmann::json> lines;
    std::istringstream said(text);
    for (std::string line; std::getline(said, line);)
        lines.push_back(nlohmann::json::parse(line));
    return lines;
}

std::vector<nlohmann::json> of_type(const std::vector<nlohmann::json> &lines,
                                    const std::string &type) {
    std::vector<nlohmann::json> chosen;
    for (const nlohmann::json &line : lines)
        if (line["type"] == type)
            chosen.push_back(line);
    return chosen;
}

}  // namespace whydrop::live
