// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/recording/recorded_filter.h"

#include <algorithm>

#include "decode/packet.h"
#include "model/text.h"
#include "source/reason_table.h"
#include "sys/number.h"

namespace whydrop {

namespace {

Error not_a_key(const char *option, GroupKey key) {
    return {Errc::usage,
            std::string(option) + " cannot be asked of this recording: it has counts, and not by " +
                group_key_name(key),
            "recorded with --each, or with that key in --by, it can be"};
}

}  // namespace

Result<RecordedFilter> RecordedFilter::compile(const DropFilter &filter) {
    RecordedFilter compiled;
    compiled.words_ = filter;
    if (!filter.netns.empty()) {
        compiled.netns_ = whole_number<uint32_t>(filter.netns);
        if (!compiled.netns_)
            return Error{Errc::usage, "'" + filter.netns + "' is no inode of a network namespace",
                         "a recording knows namespaces by their inodes (4026532174), which --by "
                         "netns lists"};
    }
    const auto reasons = reason_words(filter.reasons);
    if (!reasons)
        return reasons.error();
    compiled.negated_ = reasons->negated;
    for (const std::string &name : reasons->names)
        compiled.reasons_.push_back(bare_reason_name(name));
    if (!filter.proto.empty()) {
        const auto number = protocol_number(filter.proto);
        if (!number)
            return number.error();
        compiled.proto_ = *number;
    }
    if (!filter.packet.empty()) {
        auto packet = OfflineFilter::compile(filter.packet);
        if (!packet)
            return packet.error();
        compiled.packet_ = std::move(*packet);
    }
    compiled.words_.comm = filter.comm.substr(0, comm_bytes);
    return compiled;
}

bool RecordedFilter::asks() const {
    return !words_.iface.empty() || netns_ || !reasons_.empty() || !words_.proto.empty() ||
           words_.pid || !words_.comm.empty() || packet_;
}

bool RecordedFilter::fits(const std::optional<Reason> &reason) const {
    if (reasons_.empty())
        return true;
    const bool named = reason && std::ranges::any_of(reasons_, [&](const std::string &wanted) {
                           return wanted == bare_reason_name(reason->name) ||
                                  wanted == std::to_string(reason->code);
                       });
    return named != negated_;
}

bool RecordedFilter::fits(const std::optional<Device> &dev) const {
    return words_.iface.empty() || (dev && (dev->name == words_.iface ||
                                            whole_number<uint32_t>(words_.iface) == dev->ifindex));
}

bool RecordedFilter::passes(const DropRecord &drop) {
    if (!fits(drop.reason) || !fits(drop.dev) || (netns_ && drop.netns != *netns_))
        return false;
    if (proto_.ethertype && outermost_ethertype(drop.packet) != *proto_.ethertype)
        return false;
    if (proto_.ip) {
        const auto flow = outermost_flow(drop.packet);
        if (!flow || flow->protocol != *proto_.ip)
            return false;
    }
    if (packet_) {
        const Match match = packet_->matches(drop.packet);
        undecided_ += match == Match::undecided ? 1 : 0;
        if (match != Match::yes)
            return false;
    }
    if (!words_.pid && words_.comm.empty())
        return true;
    if (drop.task.in_interrupt.value_or(false)) {
        in_interrupt_++;
        return false;
    }
    return (!words_.pid || drop.task.pid == *words_.pid) &&
           (words_.comm.empty() || drop.task.comm == words_.comm);
}

Result<bool> RecordedFilter::passes(const DropGroup &group) const {
    if (!reasons_.empty() && !has(group.keys, GroupKey::reason))
        return not_a_key("-r", GroupKey::reason);
    if (!words_.iface.empty() && !has(group.keys, GroupKey::dev))
        return not_a_key("-i", GroupKey::dev);
    if (netns_ && !has(group.keys, GroupKey::dev) && !has(group.keys, GroupKey::netns))
        return not_a_key("-n", GroupKey::netns);
    if (!words_.proto.empty() && !has(group.keys, GroupKey::proto))
        return not_a_key("--proto", GroupKey::proto);
    if (!words_.comm.empty() && !has(group.keys, GroupKey::comm))
        return not_a_key("--comm", GroupKey::comm);
    if (words_.pid || packet_)
        return Error{Errc::usage,
                     std::string(packet_ ? "a packet filter" : "-p") +
                         " cannot be asked of this recording: it has counts, and not each drop",
                     "record with --each"};
    if (!fits(group.reason) || !fits(group.dev))
        return false;
    const uint32_t netns = group.netns ? *group.netns : group.dev ? group.dev->netns : 0;
    if (netns_ && netns != *netns_)
        return false;
    if (proto_.ethertype && group.proto != ethertype_name(*proto_.ethertype))
        return false;
    if (proto_.ip && group.l4proto != ip_protocol_name(*proto_.ip))
        return false;
    return words_.comm.empty() || group.comm == words_.comm;
}

Losses RecordedFilter::losses() const {
    Losses losses;
    if (undecided_)
        losses.push_back({"undecided", undecided_, "events",
                          "the packet filter asks for bytes that are not in the recording: not "
                          "counted, though some may match; a larger --snaplen records more"});
    if (in_interrupt_)
        losses.push_back({"in_interrupt", in_interrupt_, "events", in_interrupt_detail});
    return losses;
}

}  // namespace whydrop
