// SPDX-License-Identifier: GPL-2.0-or-later
// What was counted so far -> Report and Losses, with names and explanations.
#pragma once

#include <functional>
#include <optional>

#include "engine/live_host.h"
#include "explain/explainer.h"
#include "model/report.h"
#include "source/drop_decoder.h"

namespace whydrop {

// jiffies -> CLOCK_MONOTONIC, from two moments at which both were read. HZ need not be known: all
// that is converted lies between them.
class JiffyClock {
  public:
    void add(const wire_clock &moment);
    [[nodiscard]] uint64_t to_ns(uint64_t jiffies) const;

  private:
    std::optional<wire_clock> first_, last_;
};

// Explaining may ask the kernel, so the long tail of a flood goes without.
constexpr size_t explained_groups = 1000;

// Sets the drop's cause, by what it alone shows.
void explain_alone(const Explainer &explainer, const HostView &host, DropRecord &drop);

class DropReporter {
  public:
    DropReporter(PacketEvent event, DropDecoder &decoder, GroupKeys keys, bool times_are_ns)
        : event_(event), decoder_(decoder), keys_(keys), times_are_ns_(times_are_ns) {}

    // Reads the rules, where there is something to explain. Done when they are needed first: an
    // attached probe does not wait for it.
    Status load_rules(const std::vector<std::string> &dirs);

    JiffyClock &clock() { return clock_; }
    // Sets the drop's cause, by what it alone shows.
    void explain(DropRecord &drop);
    // At most max_groups of the table's groups, those with most events first.
    Report report(const DropTable &table, size_t max_groups);

  private:
    DropGroup group(const DropTable::Item &item, bool explain);

    PacketEvent event_;
    DropDecoder &decoder_;
    GroupKeys keys_;
    bool times_are_ns_;
    JiffyClock clock_;
    LiveHost host_;
    std::optional<Explainer> explainer_;
};

// What a run did not see, by kind.
Losses list_losses(const RawTotals &totals, const DropTable &table);

}  // namespace whydrop
