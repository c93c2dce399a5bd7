// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/stack_joiner.h"

namespace whydrop {

namespace {

// common_flags (enum trace_flag_type), where every event has it: behind common_type.
int interrupt_level(std::span<const std::byte> record) {
    constexpr size_t flags_offset = 2;
    constexpr auto hardirq = std::byte{0x08}, softirq = std::byte{0x10}, nmi = std::byte{0x40};
    if (record.size() <= flags_offset)
        return 0;
    const std::byte flags = record[flags_offset];
    const auto has = [flags](std::byte bit) { return (flags & bit) != std::byte{0}; };
    return has(nmi) ? 3 : has(hardirq) ? 2 : has(softirq) ? 1 : 0;
}

}  // namespace

void StackJoiner::give(size_t from, const EachEvent &each) {
    for (size_t i = from; i < count_; i++)
        each(waiting_[i].event);
    count_ = from;
}

void StackJoiner::event(const TraceEventView &event, const EachEvent &each) {
    // Only an interrupt comes between: of all that waits at this level or above, the stack was
    // lost.
    const int level = interrupt_level(event.record);
    size_t keep = count_;
    while (keep > 0 && waiting_[keep - 1].level >= level)
        keep--;
    give(keep, each);
    if (waiting_.size() == count_)
        waiting_.emplace_back();
    Waiting &added = waiting_[count_++];
    added.bytes.assign(event.record.begin(), event.record.end());
    added.event = event;
    added.event.record = added.bytes;
    added.level = level;
}

void StackJoiner::stack(const KernelStackReader &reader, std::span<const std::byte> record,
                        const EachEvent &each) {
    if (count_ == 0)
        return;
    reader.read(record, addresses_);
    waiting_[count_ - 1].event.stack = addresses_;
    give(count_ - 1, each);
}

void StackJoiner::flush(const EachEvent &each) {
    give(0, each);
}

}  // namespace whydrop
