// SPDX-License-Identifier: GPL-2.0-or-later
// One look at the way of received packets: attach, wait, say what was reached and what was not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/document.h"
#include "model/path.h"
#include "model/session.h"
#include "source/drop_filter.h"
#include "sys/result.h"

namespace whydrop {

struct PathOptions {
    DropFilter filter;
    double duration_s = 0;             // 0: until Ctrl-C, or the command ends
    uint64_t stop_after = 0;           // packets that matched; 0: no limit
    std::vector<std::string> command;  // -- COMMAND
    std::string command_line;          // for Session
};

struct PathRunEnd {
    PathReport report;
    Losses losses;
    std::optional<int> command_status;
};

// `on_begin` is called when all is attached.
Result<PathRunEnd> run_path(const PathOptions &options,
                            const std::function<Status(const Session &)> &on_begin);

// The path in its order with what was not called, where packets ended, and the sums.
std::vector<Section> path_sections(const PathReport &report);

}  // namespace whydrop
