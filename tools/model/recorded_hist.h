// SPDX-License-Identifier: GPL-2.0-or-later
// A histogram out of a recording: its keys are texts now.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/session.h"

namespace whydrop {

struct RecordedHistEntry {
    // As RecordedHist::keys: as a table shows them; of a stack its lines, innermost first.
    std::vector<std::vector<std::string>> keys;
    uint64_t hits = 0;
    std::vector<uint64_t> sums;  // as RecordedHist::values
};

struct RecordedHist {
    Session session;
    std::string event;
    std::vector<std::string> keys;    // "len.log2"
    std::vector<std::string> values;  // "len"
    double seconds = 0;               // 0: not known
    uint64_t hits = 0;
    std::vector<RecordedHistEntry> entries;
    bool final = false;  // the run came to its end
};

}  // namespace whydrop
