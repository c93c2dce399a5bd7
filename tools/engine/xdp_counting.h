// SPDX-License-Identifier: GPL-2.0-or-later
// Programs counted while they come and go: each by its own counter, from its own baseline.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/xdp_meter.h"
#include "model/report.h"
#include "source/xdp/watch.h"

namespace whydrop {

// What one program answered on one device.
struct XdpStanding {
    std::string dev, netns;  // several devices: "eth0, eth1", where it is not known apart
    uint32_t inode = 0;      // of the namespace; 0: several
    XdpMode mode = XdpMode::native;
    uint32_t program = 0;
    std::string name, part;
    bool dispatches = false, gone = false;
    std::string by;  // "fexit", "map xdp_stats_map 17", "run_cnt"; empty: it cannot be counted
    XdpWay way = XdpWay::exit;
    XdpCounts total;   // since it is watched
    XdpAmount recent;  // in the last period; at the end the same as `total`
};

// What happened to programs meanwhile.
struct XdpChange {
    double at_s = 0;  // since begin()
    std::string dev, netns;
    uint32_t inode = 0;
    uint32_t old_program = 0, new_program = 0;  // 0: none
    std::string text;
};

// How a program is counted, and why not in a better way.
struct XdpCounted {
    uint32_t program = 0, map = 0;  // map: 0: none is read
    std::string name, by;
    std::vector<std::string> refused;
};

class XdpCounting {
  public:
    struct Opened {
        BpfProgramInfo info;
        OpenedXdpCounter counter;
    };
    using Open = std::function<Result<Opened>(uint32_t program)>;
    using Clock = std::function<double()>;  // in seconds
    XdpCounting(Open open, Clock clock) : open_(std::move(open)), clock_(std::move(clock)) {}

    // What the first scene has is there, what later ones have in addition has come. What came or
    // went is told in changes().
    void follow(const XdpScene &scene);
    // All of the first scene is opened: what it counted so far was before the run.
    void begin();
    void sample();
    void next_period();

    // The busiest device first. At the end all there were, before only those of this period.
    [[nodiscard]] std::vector<XdpStanding> standings(bool at_end) const;
    [[nodiscard]] std::vector<XdpCounted> counted(bool at_end) const;
    [[nodiscard]] const std::vector<XdpChange> &changes() const { return changes_; }
    // Packets that were met, and are in no standing.
    [[nodiscard]] Losses losses() const;
    [[nodiscard]] uint64_t packets() const;
    // The program that stands in for what the kernel attached: for the most part the same.
    [[nodiscard]] uint32_t known_as(uint32_t attached) const;
    [[nodiscard]] bool reads_map(uint32_t map) const;  // that a program of these has
    // A program of these is there, or was.
    [[nodiscard]] bool is_on(const XdpPlace &place) const;
    [[nodiscard]] const std::map<XdpPlace, XdpScene::Device> &devices() const { return devices_; }

  private:
    struct Program {
        uint32_t id = 0;
        BpfProgramInfo info;
        std::map<XdpPlace, XdpSpot> spots;    // where it is, or was
        std::set<uint32_t> attached;          // dispatchers that it stood in for
        std::unique_ptr<XdpCounter> counter;  // nothing: gone, or it cannot be counted
        XdpCounted how;
        XdpWay way = XdpWay::exit;
        std::map<XdpPlace, XdpMeter> meters;  // {0, 0}: of all places together
        uint64_t passed_over = 0, without_place = 0;
        bool gone = false, past = false;  // past: gone before this period

        [[nodiscard]] const XdpSpot &first() const { return spots.begin()->second; }
    };
    void sample(Program &program);
    Program &opened(uint32_t program);
    void meet(const XdpSpot &spot);
    void leave(uint32_t program);
    void compare(const XdpPlace &place, const XdpScene &now);
    void tell(const XdpPlace &place, uint32_t old_program, uint32_t new_program, std::string text);
    [[nodiscard]] std::string described(uint32_t program) const;
    [[nodiscard]] XdpStanding standing(const Program &program, const XdpPlace &place) const;
    Program *find(uint32_t program);
    [[nodiscard]] const Program *find(uint32_t program) const;

    Open open_;
    Clock clock_;
    std::vector<Program> programs_;
    std::vector<XdpSpot> spots_;
    std::map<XdpPlace, XdpScene::Device> devices_;  // all that were ever seen
    std::vector<XdpChange> changes_;
    bool follows_ = false;
    double begun_s_ = 0;
};

}  // namespace whydrop
