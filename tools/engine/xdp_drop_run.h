// SPDX-License-Identifier: GPL-2.0-or-later
// One observation of the packets that XDP programs lose, from its beginning to its end.
#pragma once

#include <string>

#include "engine/document_output.h"
#include "engine/run_time.h"
#include "engine/xdp_drops.h"
#include "render/pcapng_sink.h"
#include "sys/result.h"

namespace whydrop {

struct XdpDropOptions {
    std::string iface, netns;  // empty: any
    XdpPacketAsk ask;          // netns and ifindex are the run's to fill
    bool each = false;         // every packet is shown
    uint64_t stop_after = 0;   // -c: packets that were counted; 0: no limit
    bool verbose = false;      // which programs are observed
    CaptureOptions capture;
    RunTimeOptions time;
    std::string command_line;  // for Session
};

// Runs to the end and has called end() on the output. Gives the command's status; 0 without one.
// Errors: usage where there is no program, unsupported where none of them can be observed.
Result<int> run_xdp_drops(const XdpDropOptions &options, DocumentOutput &output);

}  // namespace whydrop
