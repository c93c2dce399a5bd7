// SPDX-License-Identifier: GPL-2.0-or-later
// The two hashes behind one kind of key: the kernel writes one while we read the other.
#pragma once

#include <cstdint>
#include <functional>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

class GroupMaps {
  public:
    // `outer`: fd of the array of maps, not owned. One of the hashes is in its slot on return.
    static Result<GroupMaps> create(const char *name, int outer, uint32_t key_bytes,
                                    uint32_t max_groups);

    // Puts the empty hash into the slot, waits until no program uses the other one any more, hands
    // out its groups (key and struct wire_group) and empties it.
    Status drain(const std::function<void(const void *key, const void *value)> &on_group);

    // Returns when every program that was running has ended.
    [[nodiscard]] Status wait_for_writers() const { return put(written_.get()); }

  private:
    Status put(int inner) const;
    Status empty(int inner, const std::function<void(const void *, const void *)> &on_group) const;

    int outer_ = -1;
    uint32_t key_bytes_ = 0;
    uint32_t max_groups_ = 0;
    Fd written_, quiet_;
};

}  // namespace whydrop
