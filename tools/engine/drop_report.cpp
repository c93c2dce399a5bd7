// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/drop_report.h"

#include <algorithm>
#include <map>
#include <set>

#include "source/drop_filter.h"

namespace whydrop {

void JiffyClock::add(const wire_clock &moment) {
    if (!first_)
        first_ = moment;
    last_ = moment;
}

uint64_t JiffyClock::to_ns(uint64_t jiffies) const {
    if (!first_)
        return 0;
    const uint64_t span = last_->jiffies - first_->jiffies;
    const uint64_t passed =
        jiffies > first_->jiffies ? std::min<uint64_t>(jiffies - first_->jiffies, span) : 0;
    if (!span)
        return first_->mono_ns;
    const auto ratio = static_cast<double>(passed) / static_cast<double>(span);
    return first_->mono_ns +
           static_cast<uint64_t>(ratio * static_cast<double>(last_->mono_ns - first_->mono_ns));
}

Status DropReporter::load_rules(const std::vector<std::string> &dirs) {
    if (explainer_ || event_ != PacketEvent::drop)
        return success();
    auto loaded = Explainer::load(dirs);
    if (!loaded)
        return loaded.error();
    explainer_.emplace(std::move(*loaded));
    return success();
}

void explain_alone(const Explainer &explainer, const HostView &host, DropRecord &drop) {
    DropGroup alone;
    alone.keys = static_cast<GroupKeys>(GroupKey::reason) |
                 static_cast<GroupKeys>(GroupKey::location) | static_cast<GroupKeys>(GroupKey::dev);
    alone.reason = drop.reason;
    alone.location = drop.location;
    alone.dev = drop.dev;
    alone.count = {1, 1, drop.packet.meta.length_bytes};
    alone.samples.push_back(std::move(drop));
    explainer.explain(alone, host);
    drop = std::move(alone.samples.front());
    drop.cause_id = std::move(alone.explanation->cause_id);
    drop.cause = std::move(alone.explanation->cause);
}

void DropReporter::explain(DropRecord &drop) {
    if (explainer_)
        explain_alone(*explainer_, host_, drop);
}

DropGroup DropReporter::group(const DropTable::Item &item, bool explain) {
    const auto &[key, entry] = item;
    DropGroup group = decoder_.group(key, entry, keys_);
    group.first_ns = times_are_ns_ ? entry.first : clock_.to_ns(entry.first);
    group.last_ns = times_are_ns_ ? entry.last : clock_.to_ns(entry.last);
    if (!explain)
        return group;
    for (const RawSample &sample : entry.samples)
        group.samples.push_back(decoder_.record(sample));
    const auto with_stack =
        std::find_if(group.samples.begin(), group.samples.end(),
                     [](const DropRecord &sample) { return !sample.stack.empty(); });
    if (!group.stack && with_stack != group.samples.end())
        group.stack = with_stack->stack;
    if (explainer_)
        explainer_->explain(group, host_);
    return group;
}

namespace {

void join(DropGroup &to, DropGroup &&part) {
    to.count += part.count;
    to.first_ns = std::min(to.first_ns, part.first_ns);
    to.last_ns = std::max(to.last_ns, part.last_ns);
    for (DropRecord &sample : part.samples)
        if (to.samples.size() < WIRE_SAMPLES)
            to.samples.push_back(std::move(sample));
    if (!to.stack)
        to.stack = std::move(part.stack);
}

// Drops without a reason were counted in parts (probes/split.bpf.h). Parts with one cause are one
// group again.
class PartJoiner {
  public:
    explicit PartJoiner(std::vector<DropGroup> &groups) : groups_(groups) {}

    void add(DropKey key, DropGroup &&group) {
        const bool is_part = (key.key.small.reason & ~uint32_t{WIRE_REASON_MASK}) != 0 ||
                             !group.reason || is_unspecified(*group.reason);
        if (!is_part || !group.explanation) {
            groups_.push_back(std::move(group));
            return;
        }
        key.key.small.reason &= WIRE_REASON_MASK;
        const std::string bytes(reinterpret_cast<const char *>(&key.key), key_bytes(key.kind));
        const auto [at, is_new] = first_.try_emplace(
            std::to_string(key.kind) + bytes + group.explanation->cause_id, groups_.size());
        if (is_new)
            groups_.push_back(std::move(group));
        else
            joined_.insert(at->second), join(groups_[at->second], std::move(group));
    }
    [[nodiscard]] const std::set<size_t> &joined() const { return joined_; }

  private:
    std::vector<DropGroup> &groups_;
    std::map<std::string, size_t> first_;
    std::set<size_t> joined_;
};

}  // namespace

Report DropReporter::report(const DropTable &table, size_t max_groups) {
    Report report;
    report.event = event_;
    report.keys = keys_;
    auto items = table.ranked();
    if (items.size() > max_groups)
        items.resize(max_groups);
    decoder_.learn_symbols(items, keys_);
    PartJoiner joiner(report.groups);
    for (size_t i = 0; i < items.size(); i++)
        joiner.add(items[i]->first, group(*items[i], i < explained_groups));
    // What was joined has more samples to agree, or not, and may rank higher.
    for (const size_t i : joiner.joined())
        explainer_->explain(report.groups[i], host_);
    if (!joiner.joined().empty())
        std::stable_sort(
            report.groups.begin(), report.groups.end(),
            [](const DropGroup &a, const DropGroup &b) { return a.count.events > b.count.events; });
    report.other = table.other();
    report.other_groups = table.evicted();
    report.total = table.total();
    return report;
}

Losses list_losses(const RawTotals &totals, const DropTable &table) {
    Losses losses;
    const auto add = [&losses](const char *kind, uint64_t count, const char *unit, bool in_other,
                               const char *detail) {
        if (count)
            losses.push_back({kind, count, unit, detail, in_other});
    };
    add("no_room", totals.no_room.events, "events", true,
        "the kernel's table of groups was full: counted as 'other'; a larger --max-groups or fewer "
        "keys in --by keep them apart");
    add("map_error", totals.map_error.events, "events", true,
        "the kernel refused to update the table of groups: counted as 'other'");
    add("evicted", table.evicted(), "groups", true,
        "more groups than are kept: the smallest were counted as 'other'; filter, or use fewer "
        "keys");
    add("ring_full", totals.ring_full, "events", false,
        "came faster than they were read: not shown and in no group; a larger --ring-size, a "
        "filter, "
        "or no --each");
    add("recursion", totals.recursion_misses, "events", false,
        "the kernel did not run the probe because it was already running on that CPU");
    add("in_interrupt", totals.in_interrupt, "events", false, in_interrupt_detail);
    add("undecided", totals.undecided, "events", false,
        "the packet filter asks for bytes that could not be read (not in the packet's first piece, "
        "or "
        "no link header): not counted, though some may match");
    add("samples", totals.samples_lost + table.samples_not_kept(), "samples", false,
        "packets that would have been shown; every one was counted");
    add("stacks", totals.stack_errors, "stacks", false,
        "the kernel's table of stacks had no place: counted under an unknown stack");
    return losses;
}

}  // namespace whydrop
