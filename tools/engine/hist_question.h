// SPDX-License-Identifier: GPL-2.0-or-later
// A question about an event, in words as they are typed, and what is asked of this kernel then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/hist_section.h"
#include "source/events/pair_source.h"
#include "source/tracefs/hist_source.h"
#include "sys/result.h"
#include "sys/tracefs.h"

namespace whydrop {

struct HistWords {
    std::string event, argument;    // or the name of a preset, and what it takes
    std::vector<std::string> keys;  // "skbaddr.hex"
    std::vector<std::string> values;
    std::vector<std::string> sort;  // "len", "len.ascending"
    std::string filter;
    std::string from, to, on;       // two events, and the field by which they belong together
    std::string start_on, stop_on;  // "exec:/usr/bin/wget", "exit:wget", "EVENT if CONDITION"
    uint32_t size = 0;
    bool stack = false;  // a key more
    bool percent = false;
    bool own = false;  // of the command and its children only
};

struct HistQuestion {
    std::string what;              // the event, or the two
    std::string condition;         // as it was typed
    HistAsk ask;                   // its pids are for the run to fill
    std::optional<PairAsk> pairs;  // in place of it: the time between two events
    HistView view;
    std::vector<std::string> notes;  // what is not as it was asked
};

// Errors: usage, with what there is.
Result<HistQuestion> hist_question(const TraceFs &fs, const HistWords &words);

}  // namespace whydrop
