// SPDX-License-Identifier: GPL-2.0-or-later
// One observation: where, when and of what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace whydrop {

struct Session {
    std::string command;         // the command line
    std::string host;            // nodename
    std::string kernel;          // release
    std::string machine;         // architecture
    std::string version;         // of whydrop
    uint64_t start_ns = 0;       // CLOCK_MONOTONIC
    uint64_t start_unix_ns = 0;  // CLOCK_REALTIME at the same moment
    uint32_t cpus = 0;
    std::string source;        // what the records come from: "tp_btf/kfree_skb, 4 arguments"
    bool has_reasons = false;  // this kernel says why it drops
    std::vector<std::string>
        notes;  // what the reader has to know: names hidden by kptr_restrict, ...
};

}  // namespace whydrop
