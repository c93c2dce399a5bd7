// SPDX-License-Identifier: GPL-2.0-or-later
// Probes that count packets by key, loaded into the running kernel: groups to be drained, records
// to be consumed, counters of what was not seen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/drop.h"
#include "probes/wire.h"
#include "sys/result.h"

namespace whydrop {

class KernelBtf;

// The settings of a run, with names already resolved.
struct ProbeSetup {
    PacketEvent event = PacketEvent::drop;
    // For packets that are received: the tracepoints at which they are counted, one or two.
    std::vector<std::string> tracepoints;
    wire_config config{};       // filters, keys, mode; layout and the rest are set by open()
    std::string packet_filter;  // a pcap-filter(7) expression; empty: none
    uint32_t max_groups = 0;    // 0: by layout
    uint32_t ring_bytes = 0;    // 0: by mode; rounded up to a power of two
};

// One group as the kernel counted it. Which part of the key counts is said by kind (WIRE_KEY_*).
struct RawGroup {
    uint32_t kind = WIRE_KEY_NONE;
    wire_key key{};
    wire_group value{};
};

// All that the CPUs' own parts say, summed.
struct RawTotals {
    std::vector<RawGroup> pending;  // counted, not yet in a group
    wire_count no_room{}, map_error{};
    uint64_t ring_full = 0, samples_lost = 0, in_interrupt = 0, stack_errors = 0, undecided = 0;
    uint64_t recursion_misses = 0;
};

// The bytes of a key that count.
size_t key_bytes(uint32_t kind);
// The smallest layout that holds the keys (WIRE_BY_*).
uint32_t layout_for(uint32_t keys);

class LiveProbe {
  public:
    // Loads, but does not attach: nothing is counted yet. Errors: unsupported, naming what is
    // missing.
    static Result<std::unique_ptr<LiveProbe>> open(const ProbeSetup &setup, KernelBtf &btf);
    ~LiveProbe();

    Status attach();
    // Stops counting; when it returns no program runs any more and totals() is exact.
    Status detach();

    // Readable when the kernel wants to be drained.
    [[nodiscard]] int poll_fd() const;
    // Hands out what lies in the ring. `on_record` returns false to stop early.
    Status consume(const std::function<bool(const void *record, size_t bytes)> &on_record);
    // Gives the kernel empty maps and hands out what the full ones held.
    Status drain(const std::function<void(const RawGroup &)> &on_group);
    Result<RawTotals> totals() const;
    // The frames of a --by stack key, innermost first.
    [[nodiscard]] std::vector<uint64_t> stack(int32_t stack_id) const;
    // jiffies and CLOCK_MONOTONIC of one moment.
    Result<wire_clock> clock() const;

    [[nodiscard]] const wire_config &config() const;
    [[nodiscard]] std::string description() const;  // "tp_btf/kfree_skb, 4 arguments, direct reads"

  private:
    struct State;
    explicit LiveProbe(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace whydrop
