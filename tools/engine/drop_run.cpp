// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/drop_run.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "engine/drop_report.h"
#include "engine/run_time.h"
#include "engine/session.h"
#include "engine/sink_set.h"
#include "engine/xdp_beside.h"
#include "source/live_probe.h"

namespace whydrop {

namespace {

using std::chrono::milliseconds;

// --each: the ring is not signalled, it is looked at; 5 ms of 3 M drops/s are a tenth of it.
constexpr milliseconds each_tick{5}, sample_tick{100}, count_tick{20};
constexpr size_t interval_groups = 1000;

class DropRun {
  public:
    DropRun(const DropOptions &options, const std::vector<Sink *> &sinks)
        : options_(options), sinks_(sinks) {}

    Result<DropRunEnd> run();

  private:
    Status prepare();
    Status begin();
    Status loop();
    Status take_records();
    Status on_each(const wire_each &each, size_t bytes);
    Status on_sample(const wire_sample &sample, size_t bytes);
    Status show(const RawSample &sample, bool Wants::*asked_for,
                Status (Sink::*call)(const DropRecord &));
    Status drain();
    Status count();
    Status show_interval();
    Result<DropRunEnd> finish();
    [[nodiscard]] Error with_counts(Error error) const;
    [[nodiscard]] bool enough() const;

    const DropOptions &options_;
    SinkSet sinks_;
    KernelBtf btf_;
    Symbolizer symbols_;
    std::unique_ptr<LiveProbe> live_;
    std::optional<DropDecoder> decoder_;
    std::optional<DropReporter> reporter_;
    std::optional<DropTable> table_;
    std::optional<XdpBeside> xdp_;  // beside drops
    std::optional<RunTime> time_;
    Session session_;
    uint64_t last_interval_ns_ = 0;
    Count shown_;
    uint64_t counted_ = 0;  // records with --each; else as of the last look, for -c
    bool needs_packets_ = false;
    bool nearly_full_ = false;
};

Status DropRun::prepare() {
    ProbeSetup setup;
    setup.event = options_.event;
    setup.tracepoints = options_.tracepoints;
    setup.config.keys = options_.by;
    setup.config.each = options_.each;
    setup.config.stacks = options_.stacks;
    setup.config.snap = options_.snap_bytes;
    setup.max_groups = options_.max_groups;
    setup.ring_bytes = options_.ring_bytes;
    const GroupKeys of_packet = WIRE_BY_PROTO | WIRE_BY_FLOW | WIRE_BY_SRC | WIRE_BY_DST;
    needs_packets_ = (options_.by & of_packet) != 0;
    setup.config.needs_flow = needs_packets_ && !options_.each;
    const GroupKeys cause = WIRE_BY_REASON | WIRE_BY_LOCATION;
    setup.config.split_reason = WIRE_NO_SPLIT;
    if ((options_.by & cause) == cause)
        setup.config.split_reason = btf_.unspecified_reason().value_or(WIRE_NO_SPLIT);
    if (auto resolved = resolve_filter(options_.filter, btf_, setup.config); !resolved)
        return resolved;
    setup.packet_filter = options_.filter.packet;
    if (options_.event == PacketEvent::drop)
        xdp_.emplace(options_.filter);
    auto live = LiveProbe::open(setup, btf_);
    if (!live)
        return live.error();
    live_ = std::move(*live);
    decoder_.emplace(options_.event, btf_, symbols_,
                     [this](int32_t id) { return live_->stack(id); });
    reporter_.emplace(options_.event, *decoder_, options_.by, options_.each);
    table_.emplace(std::max<size_t>(2 * size_t{options_.max_groups}, 262144));
    if (options_.each)
        symbols_.keep_table();
    // Rules that somebody gave us are looked at before anything is observed.
    if (!options_.rules.empty())
        return reporter_->load_rules(options_.rules);
    return success();
}

Status DropRun::begin() {
    session_.command = options_.command_line;
    session_.source = live_->description() + (xdp_ ? xdp_->begin() : "");
    session_.has_reasons = btf_.has_reasons();
    if (!session_.has_reasons && options_.event == PacketEvent::drop)
        session_.notes.push_back(
            "this kernel gives no drop reasons: causes are derived from locations and samples");
    if (const std::string problem = symbols_.problem(); !problem.empty())
        session_.notes.push_back(problem);
    return sinks_.each([&](Sink &sink) { return sink.begin(session_); });
}

bool DropRun::enough() const {
    return options_.stop_after && counted_ >= options_.stop_after;
}

Status DropRun::on_each(const wire_each &each, size_t bytes) {
    counted_++;
    std::optional<RawSample> sample;
    if (needs_packets_)
        sample = read_each(each, bytes, live_->config().snap);
    const DropKey key = DropDecoder::key_of(each, sample ? &*sample : nullptr, options_.by);
    const DropEntry &group = table_->add_event(key, each.event);
    if (!sinks_.wants().records && group.samples.size() >= WIRE_SAMPLES)
        return success();
    if (!sample)
        sample = read_each(each, bytes, live_->config().snap);
    if (!sample)
        return success();
    if (auto shown = show(*sample, &Wants::records, &Sink::record); !shown)
        return shown;
    if (group.samples.size() < WIRE_SAMPLES)
        table_->add_sample(key, std::move(*sample));
    return success();
}

// Gives one packet to the sinks that want such.
Status DropRun::show(const RawSample &sample, bool Wants::*asked_for,
                     Status (Sink::*call)(const DropRecord &)) {
    if (!(sinks_.wants().*asked_for))
        return success();
    DropRecord record = decoder_->record(sample);
    if (sinks_.wants().causes)
        reporter_->explain(record);
    return sinks_.each([&](Sink &sink) { return (sink.*call)(record); }, asked_for);
}

Status DropRun::on_sample(const wire_sample &sample, size_t bytes) {
    auto raw = read_sample(sample, bytes);
    if (!raw)
        return success();
    if (auto shown = show(*raw, &Wants::samples, &Sink::sample); !shown)
        return shown;
    DropKey key;
    key.kind = sample.head.tag;
    std::copy_n(reinterpret_cast<const uint8_t *>(&sample.key), key_bytes(key.kind),
                reinterpret_cast<uint8_t *>(&key.key));
    table_->add_sample(key, std::move(*raw));
    return success();
}

Status DropRun::take_records() {
    Status trouble = success();
    bool came = false;
    auto consumed = live_->consume([&](const void *record, size_t bytes) {
        const auto *head = static_cast<const wire_head *>(record);
        if (bytes < sizeof *head)
            return true;
        came = true;
        if (head->kind == WIRE_NEARLY_FULL)
            nearly_full_ = true;
        else if (head->kind == WIRE_SAMPLE)
            trouble = on_sample(*static_cast<const wire_sample *>(record), bytes);
        else if (head->kind == WIRE_EACH && !enough())
            trouble = on_each(*static_cast<const wire_each *>(record), bytes);
        return trouble.ok() && !sinks_.closed();
    });
    if (!consumed)
        return consumed;
    if (trouble && came)
        trouble = sinks_.each([](Sink &sink) { return sink.flush(); });
    return trouble;
}

Status DropRun::drain() {
    nearly_full_ = false;
    if (options_.each)
        return success();
    auto drained = live_->drain([this](const RawGroup &group) { table_->add(group); });
    if (!drained)
        return drained;
    auto clock = live_->clock();
    if (!clock)
        return clock.error();
    reporter_->clock().add(*clock);
    return success();
}

// For -c without --each: all that was counted so far, wherever it lies.
Status DropRun::count() {
    if (auto drained = drain(); !drained)
        return drained;
    auto totals = live_->totals();
    if (!totals)
        return totals.error();
    counted_ = table_->total().events + totals->no_room.events + totals->map_error.events;
    for (const RawGroup &group : totals->pending)
        counted_ += group.value.count.events;
    return success();
}

// A report on the way: what lies in the CPUs' own parts is added for the moment.
Status DropRun::show_interval() {
    if (auto drained = drain(); !drained)
        return drained;
    if (auto rules = reporter_->load_rules(options_.rules); !rules)
        return rules;
    auto totals = live_->totals();
    if (!totals)
        return totals.error();
    for (const RawGroup &group : totals->pending)
        table_->add(group);
    Report report = reporter_->report(*table_, interval_groups);
    for (const RawGroup &group : totals->pending)
        table_->subtract(group);
    report.from_ns = last_interval_ns_;
    report.to_ns = last_interval_ns_ = monotonic_ns();
    const Count missed{totals->no_room.events + totals->map_error.events,
                       totals->no_room.events + totals->no_room.more_packets +
                           totals->map_error.events + totals->map_error.more_packets,
                       totals->no_room.bytes + totals->map_error.bytes};
    report.other += missed;
    report.total += missed;
    report.in_period = {report.total.events - shown_.events, report.total.packets - shown_.packets,
                        report.total.bytes - shown_.bytes};
    shown_ = report.total;
    return sinks_.each([&](Sink &sink) { return sink.interval(report); });
}

Status DropRun::loop() {
    const milliseconds tick = options_.each         ? each_tick
                              : options_.stop_after ? count_tick
                                                    : sample_tick;
    for (bool stop = false; !stop && !sinks_.closed() && !enough();) {
        const auto woken = time_->wait(tick, options_.each ? -1 : live_->poll_fd());
        stop = woken.stop;
        if (auto taken = take_records(); !taken)
            return taken;
        if (nearly_full_)
            if (auto drained = drain(); !drained)
                return drained;
        if (options_.stop_after && !options_.each)
            if (auto counted = count(); !counted)
                return counted;
        if (woken.report)
            if (auto shown = show_interval(); !shown)
                return shown;
    }
    return success();
}

Result<DropRunEnd> DropRun::finish() {
    DropRunEnd end;
    if (auto detached = live_->detach(); !detached)
        return detached.error();
    if (auto taken = take_records(); !taken)
        return taken.error();
    if (auto drained = drain(); !drained)
        return drained.error();
    auto totals = live_->totals();
    if (!totals)
        return totals.error();
    for (const RawGroup &group : totals->pending)
        table_->add(group);
    for (const wire_count *missed : {&totals->no_room, &totals->map_error})
        table_->add_other({missed->events, missed->events + missed->more_packets, missed->bytes});
    if (auto rules = reporter_->load_rules(options_.rules); !rules)
        return rules.error();
    end.report = reporter_->report(*table_, std::numeric_limits<size_t>::max());
    end.report.final = true;
    if (xdp_)
        end.report.xdp = xdp_->read();
    end.stopped = time_->stopped();
    end.report.from_ns = session_.start_ns;
    end.report.to_ns = monotonic_ns();
    if (auto flushed = sinks_.each([](Sink &sink) { return sink.flush(); }); !flushed)
        return flushed.error();
    end.losses = list_losses(*totals, *table_);
    std::ranges::move(sinks_.losses(), std::back_inserter(end.losses));
    auto shown = sinks_.each([&](Sink &sink) { return sink.end(end.report, end.losses); });
    if (!shown)
        return shown.error();
    end.command_status = time_->command_status();
    if (auto worked = time_->workload_result(); !worked)
        return worked.error();
    return end;
}

Result<DropRunEnd> DropRun::run() {
    auto time = RunTime::prepare({options_.duration_s, options_.interval_s, options_.command});
    if (!time)
        return time.error();
    time_.emplace(std::move(*time));
    if (auto prepared = prepare(); !prepared)
        return prepared.error();
    session_ = this_host();
    last_interval_ns_ = session_.start_ns;
    auto clock = live_->clock();
    if (!clock)
        return clock.error();
    reporter_->clock().add(*clock);
    if (auto attached = live_->attach(); !attached)
        return attached.error();
    time_->begin();
    if (auto begun = begin(); !begun)
        return begun.error();
    if (auto subject = time_->start_subject(options_.workload); !subject)
        return subject.error();
    if (sinks_.wants().causes)
        if (auto rules = reporter_->load_rules(options_.rules); !rules)
            return rules.error();
    btf_.release();  // 5 MB and more that nobody needs while waiting
    auto looped = loop();
    if (!looped)
        return with_counts(looped.error());
    auto finished = finish();
    if (!finished)
        return with_counts(finished.error());
    return finished;
}

// What was counted is said even where it cannot be shown (a full disk, ...).
Error DropRun::with_counts(Error error) const {
    error.what += " (" + std::to_string(table_->total().events) + " events had been counted)";
    return error;
}

}  // namespace

Result<DropRunEnd> run_drops(const DropOptions &options, const std::vector<Sink *> &sinks) {
    return DropRun(options, sinks).run();
}

}  // namespace whydrop
