// SPDX-License-Identifier: GPL-2.0-or-later
// A network with a program of tests/xdp on its receiving side, and packets to it.
#pragma once

#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <chrono>
#include <optional>

#include "lab/frames.h"
#include "lab/network.h"
#include "xdp_subject.h"

namespace whydrop::live {

constexpr uint64_t passed = 11, dropped = 7;
constexpr uint16_t passed_port = 7, dropped_port = 9;

class XdpLab : public testing::Test {
  protected:
    void SetUp() override {
        auto network = LabNetwork::create();
        ASSERT_TRUE(network.ok()) << network.error().what;
        network_.emplace(std::move(*network));
    }

    XdpSubject subject(const std::string &file, const std::string &program,
                       uint32_t mode = XDP_FLAGS_DRV_MODE) const {
        auto attached = XdpSubject::attach(file, program, network_->netns(Side::rx),
                                           network_->port(Side::rx).ifindex, mode);
        EXPECT_TRUE(attached.ok()) << attached.error().what;
        return std::move(*attached);
    }

    // These and no others: a FrameSender has a frame of its own behind them.
    void send(uint16_t port, uint64_t times) const {
        FrameSpec spec = frame_between(*network_, Side::tx);
        spec.dport = port;
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
    void send_both() const {
        send(passed_port, passed);
        send(dropped_port, dropped);
    }
    [[nodiscard]] uint64_t frame_bytes() const {
        return build_frame(frame_between(*network_, Side::tx)).size();
    }
    std::optional<LabNetwork> network_;
};

// What a device's poll answers comes a little after what was sent.
constexpr auto patience = std::chrono::seconds(5);

}  // namespace whydrop::live
