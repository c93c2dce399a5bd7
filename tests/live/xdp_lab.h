// SPDX-License-Identifier: GPL-2.0-or-later
// XDP programs on the receiving side of a lab's network, packets that are sent to them, and a
// `whydrop xdp` command that looks on.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lab/network.h"
#include "process.h"
#include "xdp_subject.h"

namespace whydrop::live {

constexpr uint64_t passed = 11, dropped = 7;
constexpr uint16_t passed_port = 7, dropped_port = 9;
// What a device's poll answers comes a little after what was sent.
constexpr auto patience = std::chrono::seconds(20);

class XdpLab : public testing::Test {
  protected:
    void SetUp() override;

    // On the receiving port of a link.
    [[nodiscard]] XdpSubject subject(const std::string &file, const std::string &program,
                                     uint32_t mode = XDP_FLAGS_DRV_MODE, unsigned link = 0) const;
    // UDP frames to this port, these and no others.
    void send(uint16_t port, uint64_t times, uint16_t payload = 32) const;
    void send_both() const {
        send(passed_port, passed);
        send(dropped_port, dropped);
    }
    [[nodiscard]] uint64_t frame_bytes(uint16_t payload = 32) const;
    // The receiving side's namespace, as -n takes it.
    [[nodiscard]] std::string netns() const { return std::to_string(network_->inode(Side::rx)); }

    std::optional<LabNetwork> network_;
};

// A `whydrop xdp` command with -f json that is at work.
class XdpLooker {
  public:
    explicit XdpLooker(std::vector<std::string> words);

    // It observes already.
    [[nodiscard]] bool begins();
    // Waits until a total says this: "xdp_error_total", "frames", 7.
    [[nodiscard]] bool counts(const std::string &total, const std::string &key, uint64_t number);
    [[nodiscard]] bool has_said(const std::string &text) const { return process_.has_said(text); }
    // Ends it by SIGINT. Its last report: lines since the last total, with it.
    std::vector<nlohmann::json> end();
    [[nodiscard]] const Finished &finished() const { return finished_; }

  private:
    Running process_;
    Finished finished_;
};

std::vector<nlohmann::json> json_lines(const std::string &text);
std::vector<nlohmann::json> of_type(const std::vector<nlohmann::json> &lines,
                                    const std::string &type);

}  // namespace whydrop::live
