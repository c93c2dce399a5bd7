// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/stream_hist.h"

#include <memory>
#include <optional>
#include <utility>

#include "source/events/event_aggregator.h"
#include "source/events/event_condition.h"
#include "source/events/live_names.h"
#include "source/events/stream_reader.h"
#include "source/tracefs/event_format.h"

namespace whydrop {

namespace {

class StreamHist : public HistSource {
  public:
    StreamHist(const TraceFs &fs, HistAsk ask, const StreamHistOptions &options)
        : fs_(fs), ask_(std::move(ask)), options_(options), names_(fs.top()) {}

    Status prepare();
    Status start() override { return reader_->start(); }
    Status stop() override { return reader_->stop(); }
    Result<Histogram> read() override;
    TraceLosses losses() override { return losses_; }

  private:
    // A switch, and what is looked at here since the kernel has one filter for each event.
    struct Switch {
        size_t event = 0;  // of the stream's
        bool counts = false;
        EventCondition condition;
    };
    size_t streamed(const TraceEvent &event);
    Status add_switches(const std::vector<HistSwitch> &switches, bool counts);
    void event(const TraceEventView &event);

    const TraceFs &fs_;
    HistAsk ask_;
    StreamHistOptions options_;
    LiveNames names_;
    StreamOptions wanted_;
    std::vector<Switch> switches_;
    std::optional<EventAggregator> counted_;
    bool counts_ = true;
    TraceLosses losses_;
    std::unique_ptr<StreamReader> reader_;  // goes first: its thread uses what stands above
};

// Its place in the stream, which has each event once.
size_t StreamHist::streamed(const TraceEvent &event) {
    size_t i = 0;
    while (i < wanted_.events.size() && wanted_.events[i].event != event)
        i++;
    if (i == wanted_.events.size())
        wanted_.events.push_back({event, {}});
    return i;
}

Status StreamHist::add_switches(const std::vector<HistSwitch> &switches, bool counts) {
    for (const HistSwitch &wanted : switches) {
        auto format = read_event_format(fs_.top(), wanted.event);
        if (!format)
            return format.error();
        auto condition = EventCondition::make(wanted.condition, *format);
        if (!condition)
            return condition.error();
        switches_.push_back({streamed(wanted.event), counts, std::move(*condition)});
    }
    return success();
}

Status StreamHist::prepare() {
    auto format = read_event_format(fs_.top(), ask_.event);
    if (!format)
        return format.error();
    counts_ = !ask_.query.paused;
    streamed(ask_.event);
    for (const bool counts : {true, false})
        if (auto added = add_switches(counts ? ask_.start_on : ask_.stop_on, counts); !added)
            return added;
    // Where the same event also switches, all of it has to come.
    bool filtered = true;
    for (const Switch &it : switches_)
        filtered &= it.event != 0;
    HistQuery query = ask_.query;
    if (filtered)
        wanted_.events.front().condition = std::exchange(query.condition, {});
    auto counted = EventAggregator::make(query, *format);
    if (!counted)
        return counted.error();
    counted_.emplace(std::move(*counted));
    wanted_.stacks = counted_->wants_stacks();
    wanted_.ordered = !switches_.empty();
    wanted_.pids = ask_.pids;
    wanted_.buffer_kb = options_.buffer_kb;
    auto reader =
        StreamReader::open(fs_, wanted_, [this](const TraceEventView &view) { event(view); });
    if (!reader)
        return reader.error();
    reader_ = std::move(*reader);
    return success();
}

void StreamHist::event(const TraceEventView &event) {
    if (event.format == &reader_->format(0) && counts_)
        counted_->add(event, names_);
    for (const Switch &it : switches_)
        if (event.format == &reader_->format(it.event) &&
            it.condition.matches(event, names_).value_or(false))
            counts_ = it.counts;
}

Result<Histogram> StreamHist::read() {
    const auto now = reader_->caught_up();
    if (!now)
        return now.error();
    losses_ = now->losses;
    losses_.unreadable += counted_->unreadable();
    losses_.without_stack = counted_->without_stack();
    Histogram histogram = counted_->histogram(names_);
    histogram.paused = !counts_;
    return histogram;
}

}  // namespace

Result<std::unique_ptr<HistSource>> make_stream_hist(const TraceFs &fs, const HistAsk &ask,
                                                     const StreamHistOptions &options) {
    auto made = std::make_unique<StreamHist>(fs, ask, options);
    if (auto prepared = made->prepare(); !prepared)
        return prepared.error();
    return std::unique_ptr<HistSource>(std::move(made));
}

}  // namespace whydrop
