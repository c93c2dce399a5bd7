// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/recording/drop_grouper.h"

#include <algorithm>

#include "decode/packet.h"
#include "model/text.h"

namespace whydrop {

namespace {

void append(std::string &key, uint64_t number) {
    key.append(reinterpret_cast<const char *>(&number), sizeof number);
}

void append(std::string &key, const std::string &text) {
    append(key, text.size());
    key += text;
}

void append(std::string &key, const Symbol &symbol) {
    append(key, symbol.name.empty() ? symbol.address : symbol.offset);
    append(key, symbol.name);
    append(key, symbol.module);
}

void append(std::string &key, const IpAddress &address) {
    append(key, address.family);
    key.append(reinterpret_cast<const char *>(address.bytes.data()), address.bytes.size());
}

void append(std::string &key, const Reason &reason) {
    append(key, reason.code);
}

void append(std::string &key, const Device &dev) {
    append(key, dev.ifindex);
    append(key, dev.netns);
    if (!dev.ifindex)
        append(key, dev.name);
}

void append(std::string &key, const Flow &flow) {
    append(key, flow.src);
    append(key, flow.dst);
    append(key, uint64_t{flow.sport} << 32 | uint64_t{flow.dport} << 8 | flow.protocol);
}

void append(std::string &key, const Stack &stack) {
    append(key, stack.size());
    for (const Symbol &frame : stack)
        append(key, frame);
}

template <typename T>
void append(std::string &key, const std::optional<T> &value) {
    key += value ? '+' : '-';
    if (value)
        append(key, *value);
}

std::string key_of(const DropGroup &group) {
    std::string key;
    append(key, group.reason);
    append(key, group.location);
    append(key, group.dev);
    append(key, group.netns ? std::optional<uint64_t>(*group.netns) : std::nullopt);
    append(key, group.proto);
    append(key, group.l4proto);
    append(key, group.flow);
    append(key, group.src);
    append(key, group.dst);
    append(key,
           group.pkt_type ? std::optional(static_cast<uint64_t>(*group.pkt_type)) : std::nullopt);
    append(key, group.comm);
    if (has(group.keys, GroupKey::stack))
        append(key, group.stack);
    return key;
}

// As DropDecoder::group says the same of what the probes counted.
DropGroup group_of(const DropRecord &drop, GroupKeys keys) {
    DropGroup group;
    group.keys = keys;
    if (has(keys, GroupKey::reason))
        group.reason = drop.reason;
    if (has(keys, GroupKey::location))
        group.location = drop.location;
    if (has(keys, GroupKey::dev))
        group.dev = drop.dev;
    if (drop.netns && (has(keys, GroupKey::netns) || (has(keys, GroupKey::dev) && !group.dev)))
        group.netns = drop.netns;
    if (has(keys, GroupKey::pkt_type))
        group.pkt_type = drop.packet.meta.type;
    if (has(keys, GroupKey::comm))
        group.comm = drop.task.in_interrupt.value_or(false) ? "(softirq)" : drop.task.comm;
    if (has(keys, GroupKey::stack) && !drop.stack.empty())
        group.stack = drop.stack;
    const auto flow = outermost_flow(drop.packet);
    if (has(keys, GroupKey::proto)) {
        group.proto = ethertype_name(outermost_ethertype(drop.packet));
        if (flow)
            group.l4proto = ip_protocol_name(flow->protocol);
    }
    if (flow && has(keys, GroupKey::flow))
        group.flow = flow;
    if (flow && has(keys, GroupKey::src))
        group.src = flow->src;
    if (flow && has(keys, GroupKey::dst))
        group.dst = flow->dst;
    return group;
}

// The same with fewer keys.
DropGroup only(const DropGroup &whole, GroupKeys keys) {
    DropGroup group;
    group.keys = keys;
    if (has(keys, GroupKey::reason))
        group.reason = whole.reason;
    if (has(keys, GroupKey::location))
        group.location = whole.location;
    if (has(keys, GroupKey::dev))
        group.dev = whole.dev;
    if (has(keys, GroupKey::netns) || (has(keys, GroupKey::dev) && !group.dev))
        group.netns = whole.netns;
    if (has(keys, GroupKey::proto)) {
        group.proto = whole.proto;
        group.l4proto = whole.l4proto;
    }
    if (has(keys, GroupKey::flow))
        group.flow = whole.flow;
    if (has(keys, GroupKey::src))
        group.src = whole.src;
    if (has(keys, GroupKey::dst))
        group.dst = whole.dst;
    if (has(keys, GroupKey::pkt_type))
        group.pkt_type = whole.pkt_type;
    if (has(keys, GroupKey::comm))
        group.comm = whole.comm;
    if (has(keys, GroupKey::stack))
        group.stack = whole.stack;
    return group;
}

// Where the kernel does not say why, drops of different causes are not one group.
std::string part_of(const std::optional<Reason> &reason, const std::string &cause_id) {
    return !reason || is_unspecified(*reason) ? cause_id : "";
}

}  // namespace

// Nothing: there is no room, and no such group yet.
DropGroup *DropGrouper::place(DropGroup &&by_key, const std::string &cause_id) {
    const GroupKeys cause =
        static_cast<GroupKeys>(GroupKey::reason) | static_cast<GroupKeys>(GroupKey::location);
    const std::string key = key_of(by_key) + ((keys_ & cause) == cause ? cause_id : "");
    const auto known = by_key_.find(key);
    if (known != by_key_.end())
        return &groups_[known->second];
    if (groups_.size() >= max_groups_)
        return nullptr;
    by_key_.emplace(key, groups_.size());
    groups_.push_back(std::move(by_key));
    groups_.back().event = event_;
    groups_.back().first_ns = UINT64_MAX;
    return &groups_.back();
}

void DropGrouper::add(const DropRecord &drop) {
    const uint64_t packets = std::max<uint64_t>(drop.packet.meta.gso_segs, 1);
    const Count count{1, packets, drop.packet.meta.length_bytes};
    DropGroup *group = place(group_of(drop, keys_), part_of(drop.reason, drop.cause_id));
    if (!group) {
        other_ += count;
        without_room_ += 1;
        return;
    }
    group->count += count;
    group->first_ns = std::min(group->first_ns, drop.time_ns);
    group->last_ns = std::max(group->last_ns, drop.time_ns);
    if (!group->stack && !drop.stack.empty())
        group->stack = drop.stack;
    if (group->samples.size() < samples_kept)
        group->samples.push_back(drop);
}

void DropGrouper::add(const DropGroup &whole) {
    const std::string cause_id = whole.explanation ? whole.explanation->cause_id : "";
    DropGroup *group = place(only(whole, keys_), part_of(whole.reason, cause_id));
    if (!group) {
        other_ += whole.count;
        without_room_ += whole.count.events;
        return;
    }
    group->count += whole.count;
    group->first_ns = std::min(group->first_ns, whole.first_ns);
    group->last_ns = std::max(group->last_ns, whole.last_ns);
    if (!group->stack)
        group->stack = whole.stack;
    for (const DropRecord &sample : whole.samples)
        if (group->samples.size() < samples_kept)
            group->samples.push_back(sample);
}

Report DropGrouper::take() {
    Report report;
    report.event = event_;
    report.keys = keys_;
    report.groups = std::move(groups_);
    std::stable_sort(
        report.groups.begin(), report.groups.end(),
        [](const DropGroup &a, const DropGroup &b) { return a.count.events > b.count.events; });
    report.other = other_;
    report.total = other_;
    for (const DropGroup &group : report.groups)
        report.total += group.count;
    by_key_.clear();
    return report;
}

Losses DropGrouper::losses() const {
    if (!without_room_)
        return {};
    return {{"no_room", without_room_, "events",
             "more groups than are kept: counted as 'other'; filter, or use fewer keys", true}};
}

}  // namespace whydrop
