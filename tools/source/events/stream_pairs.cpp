// SPDX-License-Identifier: GPL-2.0-or-later
#include <memory>
#include <optional>

#include "source/events/live_names.h"
#include "source/events/pair_source.h"
#include "source/events/stream_reader.h"

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
    std::optional<EventPairs> pairs_;
    TraceLosses losses_;
    PairLosses pair_losses_;
    size_t to_ = 0;                         // its place in the stream
    std::unique_ptr<StreamReader> reader_;  // goes first: its thread uses what stands above
};

Status StreamPairs::prepare() {
    const auto formats = read_pair_formats(fs_.top(), ask_);
    if (!formats)
        return formats.error();
    StreamOptions options;
    PairQuery query = ask_.query;
    options.events = {{ask_.from, {}}};
    // An event has one filter: where both are the same, the conditions are looked at here.
    if (!(ask_.from == ask_.to)) {
        to_ = 1;
        options.events.front().condition = std::exchange(query.from_condition, {});
        options.events.push_back({ask_.to, std::exchange(query.to_condition, {})});
    }
    auto pairs = EventPairs::make(query, formats->from, formats->to);
    if (!pairs)
        return pairs.error();
    pairs_.emplace(std::move(*pairs));
    options.stacks = pairs_->wants_stacks();
    options.ordered = true;
    options.buffer_kb = ask_.buffer_kb;
    auto reader =
        StreamReader::open(fs_, options, [this](const TraceEventView &view) { event(view); });
    if (!reader)
        return reader.error();
    reader_ = std::move(*reader);
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
    const auto now = reader_->caught_up();
    if (!now)
        return now.error();
    losses_ = now->losses;
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
