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
    // Makes the hashes, and the array of one map that the probes look into. It is empty: fill().
    static Result<GroupMaps> create(const char *name, uint32_t key_bytes, uint32_t max_groups);

    // For the probes' object.
    [[nodiscard]] int outer() const { return outer_.get(); }
    // Puts a hash into the array. Takes some milliseconds, like every such change: the kernel waits
    // for programs that might still use the old one (1ae80cf31938, "bpf: wait for running BPF
    // programs when updating map-in-map").
    [[nodiscard]] Status fill() const { return put(written_.get()); }

    // Puts the empty hash into the slot, waits until no program uses the other one any more, hands
    // out its groups (key and struct wire_group) and empties it.
    Status drain(const std::function<void(const void *key, const void *value)> &on_group);

    // Returns when every program that was running has ended.
    [[nodiscard]] Status wait_for_writers() const { return put(written_.get()); }

  private:
    Status put(int inner) const;
    Status empty(int inner, const std::function<void(const void *, const void *)> &on_group) const;

    Fd outer_;
    uint32_t key_bytes_ = 0;
    uint32_t max_groups_ = 0;
    Fd written_, quiet_;
};

}  // namespace whydrop
