// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/replay_drops.h"

#include <algorithm>
#include <iterator>

#include "engine/drop_report.h"
#include "model/text.h"

namespace whydrop {

namespace {

// Of what was recorded packet by packet.
GroupKeys usual_keys(PacketEvent event) {
    const auto of = [](GroupKey key) { return static_cast<GroupKeys>(key); };
    if (event == PacketEvent::receive)
        return of(GroupKey::dev) | of(GroupKey::proto) | of(GroupKey::pkt_type);
    return of(GroupKey::reason) | of(GroupKey::location) | of(GroupKey::dev);
}

std::string names_of(GroupKeys keys) {
    std::string names;
    for (uint32_t bit = 1; bit && bit <= keys; bit <<= 1)
        if (keys & bit)
            names += (names.empty() ? "" : ",") + group_key_name(static_cast<GroupKey>(bit));
    return names;
}

// What happened to the packets of a line; nothing: it is of none.
std::optional<PacketEvent> event_of(const JsonLine &line) {
    if (const auto *drop = std::get_if<DropRecord>(&line))
        return drop->event;
    if (const auto *group = std::get_if<GroupLine>(&line))
        return group->group.event;
    if (const auto *total = std::get_if<TotalLine>(&line))
        return total->report.event;
    return {};
}

}  // namespace

Result<DropReplay> DropReplay::begin(const ReplayOptions &options,
                                     const std::vector<Sink *> &sinks) {
    auto filter = RecordedFilter::compile(options.filter);
    if (!filter)
        return filter.error();
    DropReplay replay(options, std::move(*filter), sinks);
    if (!options.rules.empty())
        if (auto rules = replay.load_rules(); !rules)
            return rules.error();
    return replay;
}

DropReplay::DropReplay(const ReplayOptions &options, RecordedFilter filter,
                       const std::vector<Sink *> &sinks)
    : options_(options), filter_(std::move(filter)), sinks_(sinks) {}

Status DropReplay::load_rules() {
    if (explainer_)
        return success();
    auto loaded = Explainer::load(options_.rules);
    if (!loaded)
        return loaded.error();
    explainer_.emplace(std::move(*loaded));
    return success();
}

bool DropReplay::selects() const {
    return options_.by != 0 || options_.slice || filter_.asks();
}

Status DropReplay::begin(Session &&session) {
    if (options_.slice) {
        auto range = options_.slice->resolve(
            {session.start_ns,
             session.start_unix_ns ? std::optional(session.start_unix_ns) : std::nullopt});
        if (!range)
            return range.error();
        range_ = *range;
    }
    session_ = std::move(session);
    return sinks_.each([&](Sink &sink) { return sink.begin(*session_); });
}

Status DropReplay::take(JsonLine &&line) {
    if (auto *session = std::get_if<Session>(&line)) {
        if (session_)
            return Error{Errc::usage, "a second recording begins in this one",
                         "replay them one by one"};
        return begin(std::move(*session));
    }
    if (!session_) {
        Session unknown;
        unknown.notes = {"the recording does not say where and when it was made"};
        if (auto begun = begin(std::move(unknown)); !begun)
            return begun;
    }
    if (const auto event = event_of(line))
        if (auto taken = take_event(*event); !taken)
            return taken;
    if (auto *drop = std::get_if<DropRecord>(&line))
        return take_drop(std::move(*drop));
    if (auto *group = std::get_if<GroupLine>(&line))
        pending_.push_back(std::move(group->group));
    else if (auto *total = std::get_if<TotalLine>(&line))
        take_total(std::move(total->report));
    else if (auto *losses = std::get_if<Losses>(&line))
        losses_ = std::move(*losses);
    return success();
}

// The first packets say what it is a recording of.
Status DropReplay::take_event(PacketEvent event) {
    if (event_)
        return *event_ == event ? success()
                                : Status(Error{Errc::usage,
                                               "packets that were lost and packets that were "
                                               "received are in one recording",
                                               "replay them one by one"});
    event_ = event;
    const GroupKeys foreign = options_.by & ~group_keys_of(event);
    if (!foreign && (event == PacketEvent::drop || options_.filter.reasons.empty()))
        return success();
    return Error{Errc::usage,
                 "this is a recording of packets that were received: they have no " +
                     (foreign ? names_of(foreign) : group_key_name(GroupKey::reason)),
                 "they are told apart by " + group_key_names(event)};
}

DropGrouper DropReplay::grouper(GroupKeys as_recorded) const {
    const PacketEvent event = event_.value_or(PacketEvent::drop);
    const GroupKeys kept = as_recorded ? as_recorded : usual_keys(event);
    return DropGrouper(options_.by ? options_.by : kept, event);
}

void DropReplay::take_total(Report &&total) {
    complete_ |= total.final;
    total.groups = std::move(pending_);
    pending_.clear();
    recorded_ = std::move(total);
}

Status DropReplay::take_drop(DropRecord &&drop) {
    records_++;
    if (!range_.contains(drop.time_ns) || !filter_.passes(drop))
        return success();
    with_bytes_ += drop.packet.bytes.empty() ? 0 : 1;
    last_ns_ = std::max(last_ns_, drop.time_ns);
    const bool has_cause = drop.event == PacketEvent::drop;
    if (has_cause && sinks_.wants().causes && (drop.cause_id.empty() || !options_.rules.empty())) {
        if (auto rules = load_rules(); !rules)
            return rules;
        explain_alone(*explainer_, NoHostView(), drop);
    }
    if (!drops_)
        drops_.emplace(grouper(0));
    drops_->add(drop);
    return sinks_.each([&](Sink &sink) { return sink.record(drop); }, &Wants::records);
}

// The groups that were recorded, as far as they are asked for, by the keys that are asked for.
Status DropReplay::regroup(DropGrouper &grouper) {
    if (!event_)
        return success();  // nothing was counted before it ended
    if (options_.slice)
        return Error{Errc::usage,
                     "--slice cannot be asked of this recording: it has counts, and "
                     "not each drop",
                     "record with --each"};
    if (grouper.keys() & ~recorded_.keys)
        return Error{Errc::usage,
                     "this recording counts by " + names_of(recorded_.keys) + ", and not by " +
                         names_of(grouper.keys() & ~recorded_.keys),
                     "a recording with --each can be counted by any key"};
    for (const DropGroup &group : recorded_.groups) {
        const auto passes = filter_.passes(group);
        if (!passes)
            return passes.error();
        if (*passes)
            grouper.add(group);
    }
    if (filter_.asks() && recorded_.other.events)
        losses_.push_back({"other", recorded_.other.events, "events",
                           "were counted in no group when it was recorded: no filter finds them"});
    else
        grouper.add_other(recorded_.other);
    return success();
}

void DropReplay::explain(Report &report) {
    for (size_t i = 0; i < report.groups.size() && i < explained_groups; i++)
        explainer_->explain(report.groups[i], NoHostView());
}

Result<Report> DropReplay::report() {
    const bool again = selects() || (records_ > 0 && !complete_);
    Report report;
    if (again) {
        std::optional<DropGrouper> of_groups;
        if (records_ == 0) {
            of_groups.emplace(this->grouper(recorded_.keys));
            if (auto regrouped = regroup(*of_groups); !regrouped)
                return regrouped.error();
        } else if (!drops_) {
            of_groups.emplace(this->grouper(recorded_.keys));
        }
        DropGrouper &grouper = of_groups ? *of_groups : *drops_;
        std::ranges::move(grouper.losses(), std::back_inserter(losses_));
        report = grouper.take();
        report.from_ns = std::max(range_.from_ns, session_->start_ns);
        const uint64_t end = std::max({recorded_.to_ns, last_ns_, report.from_ns});
        report.to_ns = std::min(range_.to_ns, end);
    } else {
        report = std::move(recorded_);
        if (!complete_)
            report.from_ns = session_->start_ns;
    }
    report.final = true;
    report.in_period = {};
    if (report.event != PacketEvent::drop)
        return report;
    // A script's groups come without a word about their cause.
    const bool unexplained = std::ranges::none_of(
        report.groups, [](const DropGroup &group) { return group.explanation.has_value(); });
    if (again || !options_.rules.empty() || unexplained) {
        if (auto rules = load_rules(); !rules)
            return rules.error();
        explain(report);
    }
    return report;
}

// Without each drop, those that were sampled are what a capture can have.
Status DropReplay::show_samples(const Report &report) {
    if (records_ > 0 || !sinks_.wants().samples)
        return success();
    std::vector<DropRecord> samples;
    for (const DropGroup &group : report.groups)
        for (const DropRecord &sample : group.samples)
            if (!sample.packet.bytes.empty()) {
                samples.push_back(sample);
                if (group.explanation && samples.back().cause_id.empty()) {
                    samples.back().cause_id = group.explanation->cause_id;
                    samples.back().cause = group.explanation->cause;
                }
            }
    with_bytes_ += samples.size();
    std::ranges::stable_sort(samples, {}, &DropRecord::time_ns);
    for (const DropRecord &sample : samples) {
        auto shown = sinks_.each([&](Sink &sink) { return sink.sample(sample); }, &Wants::samples);
        if (!shown)
            return shown;
    }
    return success();
}

Status DropReplay::finish(const Losses &lost) {
    auto report = this->report();
    if (!report)
        return report.error();
    if (auto shown = show_samples(*report); !shown)
        return shown;
    if (auto flushed = sinks_.each([](Sink &sink) { return sink.flush(); }); !flushed)
        return flushed;
    std::ranges::copy(filter_.losses(), std::back_inserter(losses_));
    std::ranges::copy(lost, std::back_inserter(losses_));
    std::ranges::move(sinks_.losses(), std::back_inserter(losses_));
    auto ended = sinks_.each([&](Sink &sink) { return sink.end(*report, losses_); });
    if (ended && sinks_.wants().samples && !with_bytes_ && report->total.events)
        return Error{Errc::failed, "the recording has no bytes of packets: the capture is empty",
                     "record with --each"};
    return ended;
}

}  // namespace whydrop
