// SPDX-License-Identifier: GPL-2.0-or-later
// Packets that were recorded, counted by keys; groups that were, by fewer.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/report.h"

namespace whydrop {

// Bounded: what finds no room is counted in other.
class DropGrouper {
  public:
    static constexpr size_t samples_kept = 8;  // of each group

    explicit DropGrouper(GroupKeys keys, PacketEvent event = PacketEvent::drop,
                         size_t max_groups = 262144)
        : keys_(keys), event_(event), max_groups_(max_groups) {}

    void add(const DropRecord &drop);
    // The group has to have the keys.
    void add(const DropGroup &group);
    void add_other(const Count &count) { other_ += count; }

    [[nodiscard]] GroupKeys keys() const { return keys_; }
    // Groups, those with most events first, other and total. Nothing is explained. What was counted
    // is gone then.
    Report take();
    [[nodiscard]] Losses losses() const;

  private:
    DropGroup *place(DropGroup &&by_key, const std::string &cause_id);

    GroupKeys keys_;
    PacketEvent event_;
    size_t max_groups_;
    std::vector<DropGroup> groups_;
    std::unordered_map<std::string, size_t> by_key_;
    Count other_;
    uint64_t without_room_ = 0;
};

}  // namespace whydrop
