// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/replay_trace.h"

#include <algorithm>
#include <iterator>

#include "engine/drop_report.h"
#include "engine/hist_section.h"
#include "engine/trace_drops.h"
#include "engine/trace_list.h"
#include "engine/trace_sections.h"
#include "source/events/event_aggregator.h"

namespace whydrop {

namespace {

bool asks_of_drops(const ReplayOptions &options) {
    const DropFilter &filter = options.filter;
    return options.by || filter.pid || !filter.iface.empty() || !filter.netns.empty() ||
           !filter.reasons.empty() || !filter.proto.empty() || !filter.comm.empty() ||
           !filter.packet.empty();
}

class TraceReplay {
  public:
    TraceReplay(TraceDat &file, const ReplayOptions &options, const TraceQuestion &question,
                const ReplayOutput &output)
        : file_(file),
          options_(options),
          question_(question),
          output_(output),
          sinks_(output.sinks) {}

    Status run(const ReadingProgress &progress);

  private:
    Status prepare();
    Status list(const std::function<void(uint64_t)> &progress);
    Status hist(const std::function<void(uint64_t)> &progress);
    Status report(const std::function<void(uint64_t)> &progress);
    Status show_drops(TraceDrops &drops, Losses losses);
    Result<const TraceDat::Kind *> asked_kind();
    [[nodiscard]] double seconds() const;

    TraceDat &file_;
    const ReplayOptions &options_;
    const TraceQuestion &question_;
    const ReplayOutput &output_;
    SinkSet sinks_;
    std::optional<Explainer> explainer_;
    TimeRange range_;
    uint64_t begin_ns_ = 0;
};

Status TraceReplay::prepare() {
    if (sinks_.wants().samples)
        return Error{Errc::usage,
                     "a trace.dat has no bytes of packets: --pcapng has nothing to write",
                     "'whydrop drops --pcapng FILE' captures what is lost"};
    auto explainer = Explainer::load(options_.rules);
    if (!explainer)
        return explainer.error();
    explainer_.emplace(std::move(*explainer));
    begin_ns_ = file_.begin_ns();
    if (!options_.slice)
        return success();
    auto range = options_.slice->resolve(
        {begin_ns_, file_.head().has_date ? std::optional(begin_ns_) : std::nullopt});
    if (!range)
        return range.error();
    range_ = *range;
    return success();
}

double TraceReplay::seconds() const {
    const uint64_t from = std::max(range_.from_ns, begin_ns_);
    const uint64_t to = std::min(range_.to_ns, file_.last_ns());
    return to > from && file_.head().clock_is_ns() ? static_cast<double>(to - from) / 1e9 : 0;
}

Result<const TraceDat::Kind *> TraceReplay::asked_kind() {
    if (question_.event.empty())
        return static_cast<const TraceDat::Kind *>(nullptr);
    const auto *kind = file_.kind(question_.event);
    if (!kind)
        return Error{Errc::usage, "the file knows no event " + question_.event,
                     "'whydrop replay FILE' lists the events that are in it"};
    return kind;
}

Status TraceReplay::list(const std::function<void(uint64_t)> &progress) {
    auto kind = asked_kind();
    if (!kind)
        return kind.error();
    TraceList list(file_, question_.json, output_.lines, output_.document);
    Status status = success();
    file_.read_by_time(
        [&](const TraceEventView &event, const tracedat::Buffer &buffer) {
            if (event.time_ns > range_.to_ns)
                return false;
            if (event.time_ns >= range_.from_ns && (!*kind || event.format == (*kind)->format))
                status = list.add(event, buffer);
            return status.ok();
        },
        progress);
    if (!status)
        return status;
    if (auto flushed = list.flush(); !flushed)
        return flushed;
    return output_.document.end(file_.losses());
}

Status TraceReplay::hist(const std::function<void(uint64_t)> &progress) {
    auto kind = asked_kind();
    if (!kind)
        return kind.error();
    if (!*kind)
        return Error{Errc::usage, "--key counts one kind of event",
                     "name it: --event skb:kfree_skb"};
    auto counted = EventAggregator::make(question_.hist, *(*kind)->format);
    if (!counted)
        return counted.error();
    file_.read_by_cpu(
        [&](const TraceEventView &event, const tracedat::Buffer &) {
            if (event.format == (*kind)->format && range_.contains(event.time_ns))
                counted->add(event, file_.names());
            return true;
        },
        progress);
    const Histogram histogram = counted->histogram(file_.names());
    HistView view;
    view.sort = question_.hist.sort;
    view.seconds = seconds();
    Section section = hist_section(histogram, view);
    section.shown = question_.top;
    if (auto written = output_.document.write(section); !written)
        return written;
    Losses losses = file_.losses();
    if (counted->unreadable())
        losses.push_back({"unreadable", counted->unreadable(), "events",
                          "have no such fields, or are cut: in no entry"});
    if (counted->without_stack())
        losses.push_back({"without_stack", counted->without_stack(), "events",
                          "no stack was recorded with them: trace-cmd record -T records them"});
    return output_.document.end(losses);
}

Status TraceReplay::report(const std::function<void(uint64_t)> &progress) {
    TraceSections sections(file_);
    const auto *kfree = file_.kind(std::string("skb:kfree_skb"));
    if (!kfree && asks_of_drops(options_))
        return Error{Errc::usage,
                     "there is no skb:kfree_skb in the file: nothing to count by these",
                     "--event SYSTEM:NAME --key FIELD counts other events"};
    std::optional<TraceDrops> drops;
    if (kfree) {
        auto made = TraceDrops::make(file_, *kfree, options_.by, options_.filter);
        if (!made)
            return made.error();
        drops.emplace(std::move(*made));
    }
    file_.read_by_cpu(
        [&](const TraceEventView &event, const tracedat::Buffer &buffer) {
            if (!range_.contains(event.time_ns))
                return true;
            sections.add(event, buffer);
            if (drops && event.format == kfree->format)
                drops->add(event);
            return true;
        },
        progress);
    const bool has_drops = drops && sections.count(kfree->format) > 0;
    if (!asks_of_drops(options_) && !(question_.quiet && has_drops))
        for (const Section &section : sections.sections(seconds()))
            if (auto written = output_.document.write(section); !written)
                return written;
    Losses losses = file_.losses();
    std::ranges::move(sections.losses(), std::back_inserter(losses));
    if (has_drops)
        return show_drops(*drops, std::move(losses));
    auto ended = output_.document.end(losses);
    if (ended && output_.sinks.size() > 1)
        return Error{Errc::failed, "there are no drops in the file: nothing was recorded by -o",
                     ""};
    return ended;
}

Status TraceReplay::show_drops(TraceDrops &drops, Losses losses) {
    Session session = file_.session();
    session.start_ns = begin_ns_;
    session.start_unix_ns = file_.head().has_date ? begin_ns_ : 0;
    session.has_reasons = drops.has_reasons();
    session.notes.push_back(
        "the event has no packet: causes are told by reason and location alone, "
        "and lengths are not known (BYTES is 0)");
    if (!session.has_reasons)
        session.notes.push_back("the kernel that was recorded gives no drop reasons");
    Report report = drops.report();
    report.from_ns = std::max(range_.from_ns, begin_ns_);
    report.to_ns = std::max(std::min(range_.to_ns, file_.last_ns()), report.from_ns);
    for (size_t i = 0; i < report.groups.size() && i < explained_groups; i++)
        explainer_->explain(report.groups[i], NoHostView());
    std::ranges::move(drops.losses(), std::back_inserter(losses));
    if (auto separated = output_.document.separate(); !separated)
        return separated;
    if (auto begun = sinks_.each([&](Sink &sink) { return sink.begin(session); }); !begun)
        return begun;
    std::ranges::move(sinks_.losses(), std::back_inserter(losses));
    return sinks_.each([&](Sink &sink) { return sink.end(report, losses); });
}

Status TraceReplay::run(const ReadingProgress &progress) {
    if (auto prepared = prepare(); !prepared)
        return prepared;
    const uint64_t whole = file_.head().data_bytes;
    std::function<void(uint64_t)> look;
    if (progress)
        look = [&](uint64_t bytes) { progress(bytes, whole); };
    if (question_.list)
        return list(look);
    return question_.asks_for_hist() ? hist(look) : report(look);
}

}  // namespace

Status replay_trace(TraceDat &file, const ReplayOptions &options, const TraceQuestion &question,
                    const ReplayOutput &output, const ReadingProgress &progress) {
    return TraceReplay(file, options, question, output).run(progress);
}

}  // namespace whydrop
