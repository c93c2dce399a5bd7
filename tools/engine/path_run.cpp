// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/path_run.h"

#include <algorithm>
#include <sstream>

#include "engine/run_time.h"
#include "engine/session.h"
#include "model/text.h"
#include "source/kallsyms.h"
#include "source/kernel_btf.h"
#include "source/path_probe.h"
#include "source/path_table.h"

namespace whydrop {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_tick{50};

const char *words_for(uint16_t how) {
    switch (how) {
        case WIRE_END_DROPPED:
            return "dropped";
        case WIRE_END_CONSUMED:
            return "consumed";
        case WIRE_END_READ:
            return "read by a process";
        case WIRE_END_FREED:
            return "freed";
        default:
            return "not seen";
    }
}

PathWatch watch_of(const RawPathStep &step) {
    if (step.watched)
        return PathWatch::watched;
    return step.exists ? PathWatch::refused : PathWatch::absent;
}

PathEnd end_of(const RawPathEnd &raw, KernelBtf &btf, Symbolizer &symbols) {
    PathEnd end;
    end.how = words_for(raw.end.how);
    end.copied = raw.end.copied != 0;
    end.packets = raw.packets;
    if (raw.end.how == WIRE_END_DROPPED && btf.has_reasons())
        end.reason = btf.reason(raw.end.reason);
    if (raw.end.location)
        end.location = symbols.resolve(raw.end.location);
    return end;
}

// The function behind this one that packets came to; empty: none.
std::string reached_behind(const RawPath &raw, const PathRow &row) {
    std::istringstream names(row.before);
    for (std::string name; names >> name;)
        for (const RawPathStep &step : raw.steps)
            if (step.packets && name == step.row->name)
                return name;
    return "";
}

// Did all packets end in functions that come before this one? Then none has passed it unseen.
bool all_ended_before(const PathReport &report, size_t step) {
    return !report.ends.empty() &&
           std::all_of(report.ends.begin(), report.ends.end(), [&](const PathEnd &end) {
               const auto at =
                   std::find_if(report.steps.begin(), report.steps.end(),
                                [&](const PathStep &one) { return one.name == end.location.name; });
               return at - report.steps.begin() < static_cast<ptrdiff_t>(step);
           });
}

PathReport report_of(const RawPath &raw, const std::string &watched_by, KernelBtf &btf) {
    PathReport report;
    report.matched = raw.totals.matched;
    report.copies = raw.totals.copies;
    report.watched_by = watched_by;
    for (const RawPathStep &step : raw.steps) {
        if (step.row->arguments & (WIRE_PATH_FREED | WIRE_PATH_READ))
            continue;
        PathStep shown;
        shown.layer = step.row->layer;
        shown.name = step.row->name;
        shown.watch = watch_of(step);
        shown.packets = step.packets;
        shown.unless = step.row->unless;
        if (step.watched && !step.packets) {
            shown.seen_behind = reached_behind(raw, *step.row);
            shown.may_be_inlined = step.may_be_inlined;
        }
        report.steps.push_back(std::move(shown));
    }
    Symbolizer symbols;
    std::vector<uint64_t> locations;
    for (const RawPathEnd &end : raw.ends)
        locations.push_back(end.end.location);
    symbols.resolve_all(locations);
    for (const RawPathEnd &end : raw.ends)
        report.ends.push_back(end_of(end, btf, symbols));
    for (const bool copied : {false, true})
        if (const uint64_t held = copied ? raw.held_copies : raw.held)
            report.ends.push_back({"not ended yet", {}, {}, copied, held});
    std::stable_sort(report.ends.begin(), report.ends.end(),
                     [](const PathEnd &a, const PathEnd &b) { return a.packets > b.packets; });
    for (size_t i = 0; i < report.steps.size(); i++)
        report.steps[i].may_be_inlined &= !all_ended_before(report, i);
    return report;
}

Losses losses_of(const RawPath &raw) {
    Losses losses;
    const auto add = [&losses](const char *kind, uint64_t count, const char *detail) {
        if (count)
            losses.push_back({kind, count, "events", detail, false});
    };
    add("no_room", raw.totals.no_room,
        "more packets were on their way than can be followed: a filter that matches fewer helps");
    add("ends", raw.totals.ends_lost, "packets ended in more ways than are kept apart");
    add("undecided", raw.undecided,
        "the packet filter asks for bytes that could not be read: not followed, though some may "
        "match");
    add("in_interrupt", raw.in_interrupt, in_interrupt_detail);
    add("recursion", raw.recursion_misses,
        "the kernel did not run a probe because one was already running on that CPU: a packet may "
        "have reached more than is shown");
    return losses;
}

Status watch(RunTime &time, const PathProbe &probe, uint64_t stop_after) {
    for (bool stop = false; !stop;) {
        stop = time.wait(look_tick).stop;
        if (!stop_after)
            continue;
        auto raw = probe.read();
        if (!raw)
            return raw.error();
        stop |= raw->totals.matched >= stop_after;
    }
    return success();
}

std::string note_of(const PathStep &step) {
    if (step.watch == PathWatch::absent)
        return "absent from this kernel";
    if (step.watch == PathWatch::refused)
        return "cannot be watched on this kernel";
    if (step.packets)
        return "";
    if (!step.seen_behind.empty())
        return "inlined: packets came to " + step.seen_behind;
    const std::string said = step.may_be_inlined ? "not called, if not inlined" : "not called";
    return step.unless.empty() ? said : said + ": " + step.unless;
}

// Were packets there? Nothing: nobody can tell.
Value was_called(const PathStep &step) {
    if (step.watch != PathWatch::watched)
        return {};
    if (step.packets || !step.seen_behind.empty())
        return true;
    return step.may_be_inlined ? Value() : Value(false);
}

Section steps_section(const PathReport &report) {
    Section section;
    section.type = "path_step";
    section.columns = {{"layer", "LAYER"},
                       {"function", report.watched_by == "tracepoints" ? "TRACEPOINT" : "FUNCTION"},
                       {"packets", "PACKETS"},
                       {"called", ""},
                       {"watched", ""},
                       {"exists", ""},
                       {"note", "NOTE"}};
    for (const PathStep &step : report.steps) {
        const bool watched = step.watch == PathWatch::watched;
        const bool counted = watched && step.seen_behind.empty();
        section.rows.push_back({step.layer, step.name, counted ? Value(step.packets) : Value(),
                                was_called(step), watched, step.watch != PathWatch::absent,
                                note_of(step)});
    }
    return section;
}

std::string reason_of(const PathEnd &end) {
    if (!end.reason)
        return "";
    const Reason &reason = *end.reason;
    const std::string name = reason.name.empty() ? std::to_string(reason.code) : reason.name;
    return reason.subsystem.empty() || reason.subsystem == "core" ? name
                                                                  : reason.subsystem + ":" + name;
}

Section ends_section(const PathReport &report) {
    Section section;
    section.type = "path_end";
    section.title = "Where they ended";
    section.columns = {{"end", "END"},
                       {"reason", "REASON"},
                       {"location", "LOCATION"},
                       {"copies", "COPIES"},
                       {"packets", "PACKETS"}};
    for (const PathEnd &end : report.ends) {
        const std::string reason = reason_of(end);
        section.rows.push_back({end.how, reason.empty() ? Value() : Value(reason),
                                end.location == Symbol{} ? Value() : Value(to_text(end.location)),
                                end.copied, end.packets});
    }
    section.if_empty = "no packet ended while it was watched";
    return section;
}

}  // namespace

Result<PathRunEnd> run_path(const PathOptions &options,
                            const std::function<Status(const Session &)> &on_begin) {
    KernelBtf btf;
    PathSetup setup;
    if (auto resolved = resolve_filter(options.filter, btf, setup.config); !resolved)
        return resolved.error();
    setup.packet_filter = options.filter.packet;
    auto probe = PathProbe::open(setup, btf);
    if (!probe)
        return probe.error();
    auto time = RunTime::prepare({options.duration_s, 0, options.command});
    if (!time)
        return time.error();
    Session session = this_host();
    session.command = options.command_line;
    session.has_reasons = btf.has_reasons();
    if (auto attached = (*probe)->attach(); !attached)
        return attached.error();
    session.source = "tp_btf/netif_receive_skb, " + (*probe)->watched_by();
    time->begin();
    if (auto begun = on_begin(session); !begun)
        return begun.error();
    if (auto subject = time->start_subject(); !subject)
        return subject.error();
    if (auto watched = watch(*time, **probe, options.stop_after); !watched)
        return watched.error();
    (*probe)->detach();
    auto raw = (*probe)->read();
    if (!raw)
        return raw.error();
    return PathRunEnd{report_of(*raw, (*probe)->watched_by(), btf), losses_of(*raw),
                      time->command_status()};
}

std::vector<Section> path_sections(const PathReport &report) {
    Section sums;
    sums.type = "path";
    sums.shape = SectionShape::facts;
    sums.columns = {
        {"packets", "packets"}, {"copies", "copies of them"}, {"watched_by", "watched by"}};
    sums.rows = {{report.matched, report.copies, report.watched_by}};
    return {sums, steps_section(report), ends_section(report)};
}

}  // namespace whydrop
