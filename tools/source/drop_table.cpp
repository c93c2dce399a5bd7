// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/drop_table.h"

#include <algorithm>
#include <cstring>

namespace whydrop {

namespace {

constexpr size_t max_samples = 16384;          // of all groups together: about 6 MB
constexpr size_t groups_keeping_theirs = 512;  // when that is too much: those with most events

Count to_count(const wire_count &count) {
    return {count.events, count.events + count.more_packets, count.bytes};
}

RawSample take_apart(const wire_event &event, const uint8_t *packet, size_t room,
                     const __u64 *stack) {
    RawSample sample;
    sample.event = event;
    sample.packet.assign(packet, packet + std::min<size_t>(event.caplen, room));
    const size_t frames = std::min<size_t>(event.stack_bytes / sizeof(uint64_t), WIRE_STACK_DEPTH);
    if (stack)
        sample.stack.assign(stack, stack + frames);
    return sample;
}

}  // namespace

std::optional<RawSample> read_sample(const wire_sample &sample, size_t bytes) {
    if (bytes < sizeof sample)
        return {};
    return take_apart(sample.event, sample.packet, sizeof sample.packet, sample.stack);
}

std::optional<RawSample> read_each(const wire_each &each, size_t bytes, uint32_t snap) {
    if (bytes < sizeof each + snap)
        return {};
    const auto *packet = reinterpret_cast<const uint8_t *>(&each + 1);
    const bool has_stack = bytes >= sizeof each + snap + WIRE_STACK_DEPTH * sizeof(uint64_t);
    // snap is a multiple of 8, so the frames are aligned.
    return take_apart(each.event, packet, snap,
                      has_stack ? reinterpret_cast<const __u64 *>(packet + snap) : nullptr);
}

bool DropKey::operator==(const DropKey &other) const {
    return kind == other.kind && std::memcmp(&key, &other.key, key_bytes(kind)) == 0;
}

size_t DropTable::Hash::operator()(const DropKey &key) const {
    uint64_t words[sizeof(wire_key) / 8];
    std::memcpy(words, &key.key, sizeof words);
    uint64_t hash = key.kind;
    for (size_t i = 0; i < key_bytes(key.kind) / 8; i++)
        hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL, hash ^= hash >> 29;
    return hash;
}

DropEntry &DropTable::entry(const DropKey &key) {
    if (last_ && last_->first == key)
        return last_->second;
    auto found = groups_.find(key);
    if (found == groups_.end()) {
        if (groups_.size() >= max_groups_)
            make_room();
        found = groups_.try_emplace(key).first;
    }
    last_ = &*found;
    return found->second;
}

void DropTable::add(const RawGroup &group) {
    DropEntry &to = entry(DropKey{group.kind, group.key});
    if (!to.count.events || group.value.first < to.first)
        to.first = group.value.first;
    to.last = std::max(to.last, uint64_t{group.value.last});
    to.count += to_count(group.value.count);
    if (!to.ifname[0])
        std::memcpy(to.ifname, group.value.ifname, sizeof to.ifname);
}

void DropTable::subtract(const RawGroup &group) {
    DropEntry &from = entry(DropKey{group.kind, group.key});
    const Count count = to_count(group.value.count);
    from.count.events -= count.events;
    from.count.packets -= count.packets;
    from.count.bytes -= count.bytes;
}

const DropEntry &DropTable::add_event(const DropKey &key, const wire_event &event) {
    DropEntry &to = entry(key);
    if (!to.count.events) {
        to.first = event.time_ns;
        std::memcpy(to.ifname, event.ifname, sizeof to.ifname);
    }
    // Each CPU's records are in order, all together are only nearly.
    to.first = std::min<uint64_t>(to.first, event.time_ns);
    to.last = std::max<uint64_t>(to.last, event.time_ns);
    to.count += Count{1, std::max<uint64_t>(event.gso_segs, 1), event.len};
    return to;
}

void DropTable::add_sample(const DropKey &key, RawSample sample) {
    DropEntry &to = entry(key);
    if (to.samples.size() >= WIRE_SAMPLES)
        return;
    if (samples_ >= max_samples)
        forget_samples();
    if (samples_ >= max_samples) {
        samples_not_kept_++;
        return;
    }
    if (!to.ifname[0])
        std::memcpy(to.ifname, sample.event.ifname, sizeof to.ifname);
    to.samples.push_back(std::move(sample));
    samples_++;
}

Count DropTable::total() const {
    Count total = other_;
    for (const auto &[key, group] : groups_)
        total += group.count;
    return total;
}

std::vector<const DropTable::Item *> DropTable::ranked() const {
    std::vector<const Item *> items;
    items.reserve(groups_.size());
    for (const Item &item : groups_)
        if (item.second.count.events)
            items.push_back(&item);
    std::stable_sort(items.begin(), items.end(), [](const Item *a, const Item *b) {
        if (a->second.count.events != b->second.count.events)
            return a->second.count.events > b->second.count.events;
        return a->second.first < b->second.first;
    });
    return items;
}

// Moves the smaller half into other, so that what is big, and what is new, finds a place.
void DropTable::make_room() {
    last_ = nullptr;
    std::vector<uint64_t> events;
    events.reserve(groups_.size());
    for (const auto &[key, group] : groups_)
        events.push_back(group.count.events);
    const auto middle = events.begin() + static_cast<ptrdiff_t>(events.size() / 2);
    std::nth_element(events.begin(), middle, events.end());
    const uint64_t limit = *middle;
    size_t surplus = groups_.size() / 2;  // of those at the limit only as many as it takes
    for (auto it = groups_.begin(); it != groups_.end() && surplus > 0;) {
        if (it->second.count.events > limit) {
            ++it;
            continue;
        }
        other_ += it->second.count;
        evicted_++;
        samples_ -= it->second.samples.size();
        surplus--;
        it = groups_.erase(it);
    }
}

void DropTable::forget_samples() {
    const auto items = ranked();
    for (size_t i = groups_keeping_theirs; i < items.size(); i++) {
        auto &samples = const_cast<Item *>(items[i])->second.samples;
        samples_ -= samples.size();
        samples_not_kept_ += samples.size();
        samples.clear();
        samples.shrink_to_fit();
    }
}

}  // namespace whydrop
