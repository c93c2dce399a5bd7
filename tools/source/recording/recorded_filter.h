// SPDX-License-Identifier: GPL-2.0-or-later
// The filters of `drops`, asked of drops that were recorded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "filter/offline.h"
#include "model/report.h"
#include "source/drop_filter.h"

namespace whydrop {

class RecordedFilter {
  public:
    // Names are those in the recording: a namespace is given by its inode. Errors: usage.
    static Result<RecordedFilter> compile(const DropFilter &filter);

    [[nodiscard]] bool asks() const;
    // Counts what it cannot tell as losses.
    bool passes(const DropRecord &drop);
    // Of what was counted only. Errors: usage, for what the group's keys do not tell.
    [[nodiscard]] Result<bool> passes(const DropGroup &group) const;
    [[nodiscard]] Losses losses() const;

  private:
    [[nodiscard]] bool fits(const std::optional<Reason> &reason) const;
    [[nodiscard]] bool fits(const std::optional<Device> &dev) const;

    DropFilter words_;
    std::optional<uint32_t> netns_;
    std::vector<std::string> reasons_;  // as bare_reason_name() has them
    bool negated_ = false;
    ProtocolNumber proto_;
    std::optional<OfflineFilter> packet_;
    uint64_t undecided_ = 0, in_interrupt_ = 0;
};

}  // namespace whydrop
