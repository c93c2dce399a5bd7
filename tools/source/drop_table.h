// SPDX-License-Identifier: GPL-2.0-or-later
// All groups of a run, summed over the drains of the kernel's maps. Bounded: what does not fit is
// counted in other, so that the total stays exact.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/drop.h"
#include "source/live_probe.h"

namespace whydrop {

// A packet as it came through the ring.
struct RawSample {
    wire_event event{};
    std::vector<uint8_t> packet;
    std::vector<uint64_t> stack;
};

// A record of the ring, taken apart; none when it is shorter than it has to be.
std::optional<RawSample> read_sample(const wire_sample &sample, size_t bytes);
std::optional<RawSample> read_each(const wire_each &each, size_t bytes, uint32_t snap);

struct DropKey {
    uint32_t kind = WIRE_KEY_NONE;
    union wire_key key {};  // zero behind the bytes that count

    bool operator==(const DropKey &other) const;
};

struct DropEntry {
    Count count;
    uint64_t first = 0, last = 0;  // in the source's unit: jiffies, or ns with --each
    char ifname[WIRE_NAME_BYTES] = {};
    std::vector<RawSample> samples;
};

class DropTable {
  public:
    explicit DropTable(size_t max_groups) : max_groups_(max_groups) {}

    void add(const RawGroup &group);
    // Takes back what add() of the same group counted: for what a CPU has not yet put into a map.
    void subtract(const RawGroup &group);
    // Counts one drop of --each; times are its ns. The group tells whether it wants samples.
    const DropEntry &add_event(const DropKey &key, const wire_event &event);
    void add_sample(const DropKey &key, RawSample sample);
    void add_other(const Count &count) { other_ += count; }

    [[nodiscard]] Count other() const { return other_; }
    [[nodiscard]] Count total() const;
    [[nodiscard]] uint64_t evicted() const { return evicted_; }
    [[nodiscard]] uint64_t samples_not_kept() const { return samples_not_kept_; }
    // Groups with events, most events first.
    using Item = std::pair<const DropKey, DropEntry>;
    [[nodiscard]] std::vector<const Item *> ranked() const;

  private:
    struct Hash {
        size_t operator()(const DropKey &key) const;
    };
    DropEntry &entry(const DropKey &key);
    void make_room();
    void forget_samples();

    size_t max_groups_;
    std::unordered_map<DropKey, DropEntry, Hash> groups_;
    std::pair<const DropKey, DropEntry> *last_ = nullptr;  // one flow often repeats
    Count other_;
    uint64_t evicted_ = 0;
    size_t samples_ = 0;
    uint64_t samples_not_kept_ = 0;
};

}  // namespace whydrop
