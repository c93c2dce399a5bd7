// SPDX-License-Identifier: GPL-2.0-or-later
// The words for drops: the table of a report, the explanation of a group, one line per drop.
#pragma once

#include <string>
#include <vector>

#include "model/report.h"
#include "render/table.h"

namespace whydrop {

struct TextStyle {
    bool header = true;        // --no-header
    bool wide = false;         // --wide: as many columns as it takes
    bool show_folded = false;  // --all
    bool verbose = false;      // -v: every group, netns and ifindex always
    bool colour = false;
};

constexpr size_t kTextColumns = 100;

// "IP_CSUM", "mac80211:RX_CNF" outside the core, the number when it has no name.
std::string reason_text(const Reason &reason);

// "eth0", "eth0@4026532174" with_netns, "if5" without a name, "-" without a device.
std::string device_text(const Device &device, bool with_netns);

struct ReportTable {
    Table table;
    uint64_t folded_groups = 0, folded_events = 0;
    uint64_t hidden_groups = 0, hidden_events = 0;  // beyond max_rows
};
// Groups in the report's order, folded ones left out unless show_folded, and "other" as a last row.
// max_rows 0: all. Rates are since since_ns (CLOCK_MONOTONIC), when counting began.
ReportTable report_table(const Report &report, const TextStyle &style, size_t max_rows,
                         uint64_t since_ns);

// "folded: ..." and "and 7 more groups ...": what the table does not show; may be empty.
std::vector<std::string> hidden_lines(const ReportTable &table);

// "after 12.0 s: 41 events, 7 in the last 1.0 s (7.0 events/s)"
std::string period_line(const Report &report, uint64_t since_ns);

// "total: 41 events, 41 packets, 2460 bytes in 2.0 s (20.5 events/s)"
std::string total_line(const Report &report);

// What was lost behind XDP programs, which is among these packets only where it was an skb (veth,
// generic mode); empty: nothing.
std::string xdp_lines(const Report &report);

// A block per cause, newline-terminated: cause, evidence, usual causes, next, stack, packet.
std::string explanation_blocks(const Report &report, const TextStyle &style);

// The stacks of groups that nobody explains: what is received, by the way it came.
std::string stack_blocks(const Report &report, const TextStyle &style);

std::string drop_header(PacketEvent event, const TextStyle &style);
// since_midnight_ns: of the drop, local time.
std::string drop_line(const DropRecord &drop, uint64_t since_midnight_ns, const TextStyle &style);

// "losses: none", or a line per kind with what to do about it.
std::string losses_text(const Losses &losses);

// text with the terminal's attribute, when the style has colour: "1" bold, "33" yellow.
std::string coloured(const std::string &text, const char *attribute, const TextStyle &style);

}  // namespace whydrop
