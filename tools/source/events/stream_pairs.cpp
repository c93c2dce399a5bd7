// SPDX-License-Identifier: GPL-2.0-or-later
#include <optional>

#include "source/events/live_names.h"
#include "source/events/pair_source.h"
#include "source/events/stream_reader.h"
#include "source/tracefs/event_format.h"
#include "sys/trace_instance.h"

namespace whydrop {

namespace {

class StreamPairs : public PairSource {
  public:
    StreamPairs(const TraceFs &fs, PairAsk ask) : fs_(fs), ask_(std::move(ask)), names_(fs.top()) {}

    Status prepare();
    Status start() override { return reader_->start(); }
    Status stop() override { return reader_->stop(); }
    Result<Histogram> read() override;
    TraceLosses losses() override { return losses_; }
    PairLosses pair_losses() override { return pair_losses_; }
    [[nodiscard]] bool by_kernel() const override { return false; }

  private:
    void event(const TraceEventView &event);

    const TraceFs &fs_;
    PairAsk ask_;
    LiveNames names_;
    std::optional<TraceInstance> instance_;
    std::optional<EventPairs> pairs_;
    TraceLosses losses_;
    PairLosses pair_losses_;
    size_t to_ = 0;                       // its place in the stream
    std::optional<StreamReader> reader_;  // goes first: its thread uses what stands above
};

Status StreamPairs::prepare() {
    auto from = read_event_format(fs_.top(), ask_.from);
    if (!from)
        return from.error();
    auto to = read_event_format(fs_.top(), ask_.to);
    if (!to)
        return to.error();
    StreamOptions options;
    PairQuery query = ask_.query;
    options.events = {{ask_.from, {}}};
    // An event has one filter: where both are the same, the conditions are looked at here.
    if (!(ask_.from == ask_.to)) {
        to_ = 1;
        options.events.front().condition = std::exchange(query.from_condition, {});
        options.events.push_back({ask_.to, std::exchange(query.to_condition, {})});
    }
    auto pairs = EventPairs::make(query, *from, *to);
    if (!pairs)
        return pairs.error();
    pairs_.emplace(std::move(*pairs));
    options.stacks = pairs_->wants_stacks();
    options.ordered = true;
    options.buffer_kb = ask_.buffer_kb;
    auto instance = TraceInstance::make(fs_.top());
    if (!instance)
        return instance.error();
    instance_.emplace(std::move(*instance));
    auto stream = EventStream::open(fs_, instance_->dir(), options);
    if (!stream)
        return stream.error();
    reader_.emplace(std::move(*stream), [this](const TraceEventView &view) { event(view); });
    return success();
}

// Of the same event, the end of what was comes before the begin of what comes.
void StreamPairs::event(const TraceEventView &event) {
    if (event.format == &reader_->format(to_))
        pairs_->to(event, names_);
    if (event.format == &reader_->format(0))
        pairs_->from(event, names_);
}

Result<Histogram> StreamPairs::read() {
    const auto lock = reader_->caught_up();
    if (!lock)
        return lock.error();
    auto losses = reader_->losses(*lock);
    if (!losses)
        return losses.error();
    losses_ = *losses;
    pair_losses_ = pairs_->losses();
    losses_.unreadable += pair_losses_.unreadable;
    return pairs_->histogram(names_);
}

}  // namespace

Result<std::unique_ptr<PairSource>> make_stream_pairs(const TraceFs &fs, const PairAsk &ask) {
    auto made = std::make_unique<StreamPairs>(fs, ask);
    if (auto prepared = made->prepare(); !prepared)
        return prepared.error();
    return std::unique_ptr<PairSource>(std::move(made));
}

}  // namespace whydrop
