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
    // Makes the hash that is written first, and the array of one map that the probes look into: it
    // is empty until finish().
    static Result<GroupMaps> create(const char *name, uint32_t key_bytes, uint32_t value_bytes,
                                    uint32_t max_groups);

    // For the object of the probes.
    [[nodiscard]] int outer() const { return outer_.get(); }
    // Puts the hash into the array and makes the other one. Takes some milliseconds, like every
    // such change: the kernel waits for programs that might still use the old one (1ae80cf31938,
    // "bpf: wait for running BPF programs when updating map-in-map").
    Status finish();

    // Puts the empty hash into the slot, waits until no program uses the other one any more, hands
    // out its groups (key and as much of struct wire_group as there is) and empties it.
    Status drain(const std::function<void(const void *key, const void *value)> &on_group);

    // Returns when every program that was running has ended.
    [[nodiscard]] Status wait_for_writers() const { return put(written_.get()); }

  private:
    [[nodiscard]] Result<Fd> create_hash() const;
    Status put(int inner) const;
    Status empty(int inner, const std::function<void(const void *, const void *)> &on_group) const;

    const char *name_ = "";
    Fd outer_;
    uint32_t key_bytes_ = 0, value_bytes_ = 0;
    uint32_t max_groups_ = 0;
    Fd written_, quiet_;
};

}  // namespace whydrop
