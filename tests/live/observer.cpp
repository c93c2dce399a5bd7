// SPDX-License-Identifier: GPL-2.0-or-later
#include "observer.h"

#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <sstream>

#include "lab/frames.h"

namespace whydrop::live {

namespace {

constexpr auto patience = std::chrono::seconds(30);

std::vector<std::string> command(const std::string &name, std::vector<std::string> words) {
    std::vector<std::string> all = {WHYDROP_BINARY, name, "-f", "json"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
}

void add_line(Tally &tally, const nlohmann::json &line) {
    const std::string type = line.value("type", "");
    if (type == "drop" || type == "receive")
        tally.drops.push_back(line);
    if (type == "losses") {
        for (const auto &loss : line.at("losses")) {
            tally.losses[loss.at("kind").get<std::string>()] = loss.at("count");
            if (loss.at("unit") == "events" && !loss.value("in_other", false))
                tally.lost_events += loss.at("count").get<uint64_t>();
        }
    }
    if (!line.value("final", false))
        return;
    if (type.ends_with("_group")) {
        tally.groups.push_back(line);
        tally.group_events += line.at("events").get<uint64_t>();
    } else if (type.ends_with("_total")) {
        tally.other_events = line.at("other").at("events");
        tally.total_events = line.at("total").at("events");
    }
}

Result<Fd> packet_socket(const LabNetwork &network) {
    auto there = network.enter(Side::tx);
    if (!there)
        return there.error();
    Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(network.port(Side::tx).ifindex);
    if (!fd || bind(fd.get(), reinterpret_cast<sockaddr *>(&to), sizeof to) != 0)
        return errno_error("cannot open a packet socket", errno);
    return fd;
}

FrameSpec frame_of_flow(const LabNetwork &network, uint32_t flow) {
    FrameSpec spec = frame_between(network, Side::tx);
    spec.src = ipv4_address(172, 16 + (flow >> 16) % 16, (flow >> 8) & 255, flow & 255);
    spec.sport = static_cast<uint16_t>(1024 + flow % 50021);
    spec.checksum_error = 0x0100;
    return spec;
}

}  // namespace

Tally tally_of(const std::string &json_lines) {
    Tally tally;
    std::istringstream lines(json_lines);
    for (std::string line; std::getline(lines, line);)
        add_line(tally, nlohmann::json::parse(line));
    return tally;
}

Observer::Observer(std::vector<std::string> words, const std::string &name)
    : process_(command(name, std::move(words))) {
    const auto attached = [this] { return process_.has_said(R"("type":"session")"); };
    comes_true([&] { return attached() || process_.has_ended(); }, patience);
    attached_ = attached();
}

bool Observer::has_counted(uint64_t events) const {
    const std::string said = R"("total":{"events":)" + std::to_string(events) + ",";
    return comes_true([&] { return process_.has_said(said); }, patience);
}

Tally Observer::stop() {
    process_.signal(SIGINT);
    return wait();
}

Tally Observer::wait() {
    finished_ = process_.finish();
    return tally_of(finished_.out);
}

Status flood(const LabNetwork &network, uint64_t events, uint32_t flows, uint32_t first) {
    auto socket = packet_socket(network);
    if (!socket)
        return socket.error();
    for (uint64_t i = 0; i + 1 < events;) {
        const auto frame =
            build_frame(frame_of_flow(network, first + static_cast<uint32_t>(i % flows)));
        if (send(socket->get(), frame.data(), frame.size(), 0) >= 0)
            i++;
        else if (errno != ENOBUFS && errno != EAGAIN)
            return errno_error("cannot send", errno);
    }
    // The last one by a sender that waits until the other side is done with it.
    auto sender = FrameSender::open(network, Side::tx);
    if (!sender)
        return sender.error();
    const auto last = static_cast<uint32_t>((events - 1) % flows);
    return sender->send(build_frame(frame_of_flow(network, first + last)), 1);
}

void expect_counted(const LabNetwork &network, const std::string &name,
                    const std::vector<std::string> &more_words,
                    const std::vector<CountingRow> &rows) {
    for (const CountingRow &row : rows) {
        SCOPED_TRACE(row.sentence);
        std::vector<std::string> words = row.words;
        words.insert(words.end(), more_words.begin(), more_words.end());
        words.insert(words.end(), {"-n", std::to_string(network.inode(Side::rx))});
        Observer observer(words, name);
        ASSERT_TRUE(observer.attached()) << observer.stop().losses << observer.finished().err;
        const Status sent = flood(network, row.events, row.flows);
        ASSERT_TRUE(sent.ok()) << sent.error().what;
        const Tally tally = observer.stop();
        EXPECT_EQ(observer.finished().status, 0) << observer.finished().err;
        EXPECT_EQ(tally.all(), row.events);
        EXPECT_EQ(tally.total_events, tally.group_events + tally.other_events);
        EXPECT_EQ(tally.lost_events, 0u) << tally.losses;
        EXPECT_EQ(tally.other_events > 0, row.has_other);
        if (row.groups != 0) {
            EXPECT_EQ(tally.groups.size(), row.groups);
        }
    }
}

}  // namespace whydrop::live
