// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/trace_drops.h"

#include <algorithm>
#include <map>

#include "model/text.h"
#include "source/reason_table.h"
#include "sys/number.h"

namespace whydrop {

namespace {

constexpr size_t most_groups = 262144;
// common_flags (enum trace_flag_type, include/linux/trace_events.h): hardirq, softirq, NMI.
constexpr uint64_t in_interrupt_flags = 0x08 | 0x10 | 0x40;
constexpr uint32_t in_subsystem = 0xffff;
constexpr uint32_t subsystem_shift = 16;

Error not_there(const std::string &what, const char *has) {
    return {Errc::usage, what + ": skb:kfree_skb in a trace.dat has no such thing", has};
}

Status check(GroupKeys by, const DropFilter &filter) {
    if (by & ~TraceDrops::possible_keys)
        return not_there("--by",
                         "it has reason, location, proto and comm; with 'whydrop drops "
                         "--each -o FILE' the packets are recorded too");
    if (!filter.iface.empty() || !filter.netns.empty())
        return not_there(filter.iface.empty() ? "-n" : "-i",
                         "--event net:netif_receive_skb --key name counts by device what was "
                         "received");
    if (!filter.packet.empty())
        return not_there("a packet filter", "'whydrop drops --each -o FILE' records packets");
    if (!filter.proto.empty() && !ethertype_number(filter.proto))
        return not_there("--proto " + filter.proto, "it has ipv4, ipv6, arp, or a number: 0x88cc");
    return success();
}

template <typename Pairs>
std::string name_in(const Pairs &names, uint64_t value) {
    for (const auto &[number, name] : names)
        if (number == value)
            return name;
    return {};
}

}  // namespace

size_t TraceDrops::Hash::operator()(const Key &key) const {
    uint64_t hash = key.location ^ (uint64_t{key.reason} << 17) ^ (uint64_t{key.pid} << 33) ^
                    (uint64_t{key.protocol} << 5) ^ (key.in_interrupt ? 1 : 0);
    hash *= 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

Result<TraceDrops> TraceDrops::make(TraceDat &file, const TraceDat::Kind &kind, GroupKeys by,
                                    const DropFilter &filter) {
    if (auto checked = check(by, filter); !checked)
        return checked.error();
    constexpr GroupKeys usual = static_cast<GroupKeys>(GroupKey::reason) |
                                static_cast<GroupKeys>(GroupKey::location) |
                                static_cast<GroupKeys>(GroupKey::proto);
    TraceDrops drops(file, by ? by : usual);
    const EventFormat &format = *kind.format;
    const auto ready = [&format](const char *name, FieldReader &reader) {
        const EventField *field = format.field(name);
        if (field)
            reader = FieldReader(*field);
        return field != nullptr;
    };
    ready("location", drops.location_);
    ready("common_pid", drops.pid_);
    ready("common_flags", drops.flags_);
    drops.has_protocol_ = ready("protocol", drops.protocol_);
    drops.has_reason_ = ready("reason", drops.reason_);
    if (drops.has_reason_)
        drops.names_ = format.field("reason")->names;
    if (!filter.reasons.empty()) {
        if (!drops.has_reason_)
            return Error{Errc::usage, "the kernel that was recorded gives no drop reasons", ""};
        if (auto set = drops.set_reasons(filter, *format.field("reason")); !set)
            return set.error();
    }
    drops.wanted_protocol_ = ethertype_number(filter.proto);
    drops.wanted_pid_ = filter.pid;
    drops.wanted_comm_ = filter.comm.substr(0, comm_bytes);
    return drops;
}

Status TraceDrops::set_reasons(const DropFilter &filter, const EventField &field) {
    const auto words = reason_words(filter.reasons);
    if (!words)
        return words.error();
    has_wanted_ = true;
    negated_ = words->negated;
    for (const std::string &word : words->names) {
        const std::string name = bare_reason_name(word);
        auto code = whole_number<uint32_t>(name);
        for (const auto &[number, own] : field.names)
            if (bare_reason_name(own) == name)
                code = static_cast<uint32_t>(number);
        if (!code)
            return Error{Errc::usage,
                         "the kernel that was recorded has no drop reason '" + name + "'", ""};
        wanted_.push_back(*code);
    }
    return success();
}

std::string TraceDrops::comm(const Key &key) {
    return key.in_interrupt ? "(softirq)" : file_.names().process(static_cast<int32_t>(key.pid));
}

bool TraceDrops::passes(const Key &key) {
    if (has_wanted_ && (std::ranges::find(wanted_, key.reason) != wanted_.end()) == negated_)
        return false;
    if (wanted_protocol_ && key.protocol != *wanted_protocol_)
        return false;
    if (!wanted_pid_ && wanted_comm_.empty())
        return true;
    if (key.in_interrupt) {
        in_interrupt_++;
        return false;
    }
    return (!wanted_pid_ || key.pid == *wanted_pid_) &&
           (wanted_comm_.empty() || comm(key) == wanted_comm_);
}

TraceDrops::Entry *TraceDrops::entry(const Key &key) {
    if (last_ && last_->first == key)
        return &last_->second;
    auto at = groups_.find(key);
    if (at == groups_.end()) {
        if (groups_.size() >= most_groups)
            return nullptr;
        at = groups_.try_emplace(key).first;
    }
    last_ = &*at;
    return &last_->second;
}

void TraceDrops::add(const TraceEventView &event) {
    const auto location = location_.number(event.record), pid = pid_.number(event.record);
    const auto flags = flags_.number(event.record);
    if (!location || !pid || !flags) {
        unreadable_++;
        return;
    }
    Key key;
    key.location = *location;
    key.pid = static_cast<uint32_t>(*pid);
    key.in_interrupt = (*flags & in_interrupt_flags) != 0;
    if (has_reason_)
        key.reason = static_cast<uint32_t>(reason_.number(event.record).value_or(0));
    if (has_protocol_)
        key.protocol = static_cast<uint16_t>(protocol_.number(event.record).value_or(0));
    if (!passes(key))
        return;
    if (!has(by_, GroupKey::location))
        key.location = 0;
    if (!has(by_, GroupKey::reason))
        key.reason = 0;
    if (!has(by_, GroupKey::proto))
        key.protocol = 0;
    if (!has(by_, GroupKey::comm) || key.in_interrupt)
        key.pid = 0;
    key.in_interrupt = key.in_interrupt && has(by_, GroupKey::comm);
    Entry *entry = this->entry(key);
    if (!entry) {
        other_ += {1, 1, 0};
        return;
    }
    entry->events++;
    entry->first_ns = std::min(entry->first_ns, event.time_ns);
    entry->last_ns = std::max(entry->last_ns, event.time_ns);
    if (entry->stack.empty() && !event.stack.empty())
        entry->stack.assign(event.stack.begin(), event.stack.end());
}

Reason TraceDrops::reason(uint32_t code) const {
    return {code, bare_reason_name(name_in(names_, code)),
            code <= in_subsystem ? "core" : std::to_string(code >> subsystem_shift)};
}

DropGroup TraceDrops::group(const Key &key, const Entry &entry) {
    DropGroup group;
    group.keys = by_;
    if (has(by_, GroupKey::reason) && has_reason_)
        group.reason = reason(key.reason);
    if (has(by_, GroupKey::location))
        group.location = file_.names().symbol(key.location);
    if (has(by_, GroupKey::proto) && has_protocol_)
        group.proto = ethertype_name(key.protocol);
    if (has(by_, GroupKey::comm))
        group.comm = comm(key);
    group.count = {entry.events, entry.events, 0};
    group.first_ns = entry.first_ns;
    group.last_ns = entry.last_ns;
    // The reader wants to begin at who dropped the packet, not inside the tracepoint.
    auto frame = std::find(entry.stack.begin(), entry.stack.end(), key.location);
    if (frame == entry.stack.end())
        frame = entry.stack.begin();
    for (; frame != entry.stack.end(); ++frame) {
        if (!group.stack)
            group.stack.emplace();
        group.stack->push_back(file_.names().symbol(*frame));
    }
    return group;
}

Report TraceDrops::report() {
    Report report;
    report.keys = by_;
    report.final = true;
    // Processes of one name are one group.
    std::map<std::string, size_t> by_comm;
    for (const auto &[key, entry] : groups_) {
        DropGroup made = group(key, entry);
        if (made.comm) {
            const std::string same = std::to_string(key.location) + " " +
                                     std::to_string(key.reason) + " " +
                                     std::to_string(key.protocol) + " " + *made.comm;
            const auto [at, is_new] = by_comm.try_emplace(same, report.groups.size());
            if (!is_new) {
                DropGroup &first = report.groups[at->second];
                first.count += made.count;
                first.first_ns = std::min(first.first_ns, made.first_ns);
                first.last_ns = std::max(first.last_ns, made.last_ns);
                continue;
            }
        }
        report.groups.push_back(std::move(made));
    }
    std::sort(report.groups.begin(), report.groups.end(),
              [](const DropGroup &a, const DropGroup &b) {
                  return a.count.events != b.count.events ? a.count.events > b.count.events
                                                          : a.first_ns < b.first_ns;
              });
    report.other = report.total = other_;
    for (const DropGroup &one : report.groups)
        report.total += one.count;
    return report;
}

Losses TraceDrops::losses() const {
    Losses losses;
    if (unreadable_)
        losses.push_back(
            {"unreadable", unreadable_, "events", "skb:kfree_skb whose fields are cut"});
    if (other_.events)
        losses.push_back({"no_room", other_.events, "events",
                          "more groups than are kept: counted as 'other'; use fewer keys", true});
    if (in_interrupt_)
        losses.push_back({"in_interrupt", in_interrupt_, "events", in_interrupt_detail});
    return losses;
}

}  // namespace whydrop
