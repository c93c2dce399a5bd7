// SPDX-License-Identifier: GPL-2.0-or-later
#include <optional>

#include "source/events/latency_triggers.h"
#include "source/events/pair_source.h"
#include "source/tracefs/hist_text.h"
#include "sys/synthetic_event.h"
#include "sys/trace_instance.h"

namespace whydrop {

namespace {

class TriggerPairs : public PairSource {
  public:
    TriggerPairs(const TraceFs &fs, PairAsk ask) : fs_(fs), ask_(std::move(ask)) {}

    Status prepare();
    Status start() override;
    Status stop() override;
    Result<Histogram> read() override;
    TraceLosses losses() override { return {}; }
    PairLosses pair_losses() override { return losses_; }
    [[nodiscard]] bool by_kernel() const override { return true; }

  private:
    // The table of one of the events.
    [[nodiscard]] Result<Histogram> table(const TraceEvent &event) const;
    Status read_losses();

    const TraceFs &fs_;
    PairAsk ask_;
    std::optional<Histogram> kept_;  // what was read when it ended
    PairLosses losses_;
    LatencyTriggers texts_;
    // Each refers to those above it.
    std::optional<SyntheticEvent> event_;
    std::optional<TraceInstance> instance_;
    std::optional<TraceTrigger> from_, to_, count_;
};

Status TriggerPairs::prepare() {
    const auto formats = read_pair_formats(fs_.top(), ask_);
    if (!formats)
        return formats.error();
    if (!fs_.top().has(ask_.from.file("hist")))
        return Error{Errc::unsupported, "this kernel has no hist triggers",
                     "it is built without CONFIG_HIST_TRIGGERS"};
    // The same question, checked by its fields.
    if (auto pairs = EventPairs::make(ask_.query, formats->from, formats->to); !pairs)
        return pairs.error();
    auto fields = latency_triggers(ask_, formats->from, formats->to, "");
    if (!fields)
        return fields.error();
    auto event = SyntheticEvent::make(fs_.top(), fields->fields);
    if (!event)
        return event.error();
    event_.emplace(std::move(*event));
    texts_ = *latency_triggers(ask_, formats->from, formats->to, event_->event().name);
    auto instance = TraceInstance::make(fs_.top());
    if (!instance)
        return instance.error();
    instance_.emplace(std::move(*instance));
    return success();
}

Status TriggerPairs::start() {
    const auto set = [this](std::optional<TraceTrigger> &trigger, const TraceEvent &event,
                            const std::string &text) -> Status {
        auto made = TraceTrigger::set(instance_->dir(), event, text);
        if (!made)
            return made.error();
        trigger.emplace(std::move(*made));
        return success();
    };
    if (auto done = set(from_, ask_.from, texts_.from); !done)
        return done;
    if (auto done = set(to_, ask_.to, texts_.to); !done)
        return done;
    return set(count_, event_->event(), texts_.count);
}

// A table of variables cannot be held, so what it has counted is taken out.
Status TriggerPairs::stop() {
    auto histogram = read();
    if (!histogram)
        return histogram.error();
    kept_ = std::move(*histogram);
    return success();
}

Result<Histogram> TriggerPairs::table(const TraceEvent &event) const {
    auto text = instance_->dir().read(event.file("hist"));
    if (!text)
        return text.error();
    auto tables = parse_hist(*text);
    if (!tables)
        return tables.error();
    if (tables->size() != 1)
        return Error{Errc::failed, "the histogram of " + event.text() + " is gone", {}};
    return std::move(tables->front());
}

// The tables keep every value they have met, and what did not fit is not remembered. A second whose
// first was not met is in no table (resolve_var_refs comes before counting).
Status TriggerPairs::read_losses() {
    const auto from = table(ask_.from), to = table(ask_.to);
    if (!from || !to)
        return from ? to.error() : from.error();
    losses_.forgotten = from->dropped + to->dropped;
    return success();
}

Result<Histogram> TriggerPairs::read() {
    if (kept_)
        return *kept_;
    auto counted = table(event_->event());
    if (!counted)
        return counted.error();
    if (auto read = read_losses(); !read)
        return read.error();
    return counted;
}

}  // namespace

Result<std::unique_ptr<PairSource>> make_trigger_pairs(const TraceFs &fs, const PairAsk &ask) {
    auto made = std::make_unique<TriggerPairs>(fs, ask);
    if (auto prepared = made->prepare(); !prepared)
        return prepared.error();
    return std::unique_ptr<PairSource>(std::move(made));
}

}  // namespace whydrop
