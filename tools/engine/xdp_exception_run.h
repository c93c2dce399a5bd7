// SPDX-License-Identifier: GPL-2.0-or-later
// One observation of the errors of XDP, from its beginning to its end.
#pragma once

#include <string>

#include "engine/document_output.h"
#include "engine/run_time.h"
#include "engine/xdp_exceptions.h"
#include "sys/result.h"

namespace whydrop {

struct XdpExceptionOptions {
    std::string iface, netns;  // empty: any
    XdpErrorKeys keys = default_error_keys;
    bool sample = false;  // the first packets, where the kernel shows them
    RunTimeOptions time;
    std::string command_line;  // for Session
};

// Runs to the end and has called end() on the output. Gives the command's status; 0 without one.
Result<int> run_xdp_exceptions(const XdpExceptionOptions &options, DocumentOutput &output);

}  // namespace whydrop
