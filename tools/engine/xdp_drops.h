// SPDX-License-Identifier: GPL-2.0-or-later
// Packets that XDP programs lose, counted and explained, as sections of a report.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/xdp_names.h"
#include "model/document.h"
#include "model/drop.h"
#include "model/session.h"
#include "source/xdp/packets.h"

namespace whydrop {

// The first packets of each change, to be shown.
class XdpFirstPackets {
  public:
    void add(const XdpPacket &packet);
    [[nodiscard]] std::vector<XdpPacket> of(const XdpChange &change) const;
    [[nodiscard]] std::vector<XdpPacket> all() const;

  private:
    std::map<XdpChange, std::vector<XdpPacket>> packets_;
};

struct XdpDropReport {
    XdpPacketTotals totals;
    std::map<XdpChange, uint64_t> before;  // packets, at the last report
    XdpFirstPackets seen;
    double seconds = 0, period_seconds = 0;  // since the beginning; since the last report
};

// "7 packets in 2.0 s (3.5/s)", a table by device, program, answer and what was done to the
// packet's head and end, and what that means: a block for each.
std::vector<Section> drop_sections(const XdpDropReport &report, XdpNames &names);
// The same packets under a title.
Section first_packets_section(const XdpFirstPackets &packets, const Session &session,
                              XdpNames &names);
// A line for each packet.
Section packet_section(const std::vector<XdpPacket> &packets, const Session &session,
                       XdpNames &names);
Losses drop_losses(const XdpPacketTotals &totals, bool each);

// What is to be seen in the numbers; empty: the packet is as it came.
std::string observation_of(const XdpChange &change, const std::vector<XdpPacket> &seen);

// For a capture.
DropRecord drop_record_of(const XdpPacket &packet, XdpNames &names);

}  // namespace whydrop
