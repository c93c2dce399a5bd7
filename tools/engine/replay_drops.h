// SPDX-License-Identifier: GPL-2.0-or-later
// Packets that were recorded, lost or received, given to the same sinks as those of a live run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/sink_set.h"
#include "explain/explainer.h"
#include "source/recording/drop_grouper.h"
#include "source/recording/recorded_filter.h"
#include "source/recording/recording.h"
#include "source/recording/slice.h"

namespace whydrop {

struct ReplayOptions {
    GroupKeys by = 0;  // 0: as it was counted
    DropFilter filter;
    std::optional<Slice> slice;
    std::vector<std::string> rules;  // --rules DIR: explained anew
};

// One recording. The report is the recorded one, or with filters, a slice or other keys what they
// make of the packets that were recorded one by one, or else of the groups.
class DropReplay {
  public:
    // Errors: usage, for filters that say nothing.
    static Result<DropReplay> begin(const ReplayOptions &options, const std::vector<Sink *> &sinks);

    // Lines in the order of the recording.
    Status take(JsonLine &&line);
    // `lost`: what the reader could not read. Calls end() on every sink.
    Status finish(const Losses &lost);
    // A reader of the output has left.
    [[nodiscard]] bool closed() const { return sinks_.closed(); }
    // Nothing of it has come: the file holds something else.
    [[nodiscard]] bool empty() const { return !session_; }

  private:
    DropReplay(const ReplayOptions &options, RecordedFilter filter,
               const std::vector<Sink *> &sinks);
    Status begin(Session &&session);
    Status take_event(PacketEvent event);
    Status take_drop(DropRecord &&drop);
    void take_total(Report &&total);
    Result<Report> report();
    Status regroup(DropGrouper &grouper);
    void explain(Report &report);
    Status show_samples(const Report &report);
    Status load_rules();
    [[nodiscard]] bool selects() const;
    [[nodiscard]] DropGrouper grouper(GroupKeys as_recorded) const;

    ReplayOptions options_;
    RecordedFilter filter_;
    SinkSet sinks_;
    std::optional<Session> session_;
    std::optional<PacketEvent> event_;  // of all its packets; none: nothing has come yet
    TimeRange range_;
    std::optional<DropGrouper> drops_;
    std::optional<Explainer> explainer_;
    std::vector<DropGroup> pending_;  // groups of a total that has not come yet
    Report recorded_;                 // the last complete one
    bool complete_ = false;           // it is the final one
    uint64_t records_ = 0, with_bytes_ = 0;
    uint64_t last_ns_ = 0;
    Losses losses_;
};

}  // namespace whydrop
