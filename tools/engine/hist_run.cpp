// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_run.h"

#include "engine/session.h"
#include "source/events/stream_hist.h"
#include "source/tracefs/trigger_hist.h"

namespace whydrop {

namespace {

using std::chrono::milliseconds;

class HistRun {
  public:
    HistRun(const TraceFs &fs, const HistRunOptions &options, HistOutput &output)
        : fs_(fs), options_(options), output_(output) {}

    Result<int> run();

  private:
    Status prepare();
    Status begin();
    Status loop();
    Result<HistReport> report(bool final);
    Status finish();

    const TraceFs &fs_;
    const HistRunOptions &options_;
    HistOutput &output_;
    std::unique_ptr<HistSource> source_;
    bool triggers_ = false;  // the kernel counts
    std::optional<RunTime> time_;
};

Status HistRun::prepare() {
    HistAsk ask = options_.ask;
    if (options_.own)
        ask.pids.push_back(*time_->command_pid());
    triggers_ = has_hist_triggers(fs_.top(), ask.event);
    auto source = triggers_ ? make_trigger_hist(fs_, ask) : make_stream_hist(fs_, ask);
    if (!source)
        return source.error();
    source_ = std::move(*source);
    return success();
}

Status HistRun::begin() {
    Session session = this_host();
    session.command = options_.command_line;
    session.source = (triggers_ ? "hist trigger of " : "events of ") + options_.ask.event.text();
    session.notes = options_.notes;
    if (!triggers_)
        session.notes.push_back(
            "this kernel has no hist triggers: each event was read and counted here");
    if (const auto format = fs_.top().read("events/skb/kfree_skb/format"))
        session.has_reasons = format->find(" reason;") != std::string::npos;
    return output_.begin(session);
}

Result<HistReport> HistRun::report(bool final) {
    // Of one that was armed later, nobody knows for how long.
    const double seconds =
        options_.ask.start_on.empty() && options_.ask.stop_on.empty() ? time_->seconds() : 0;
    auto histogram = source_->read();
    if (!histogram)
        return histogram.error();
    HistReport report;
    report.event = options_.ask.event;
    report.condition = options_.ask.query.condition;
    report.histogram = std::move(*histogram);
    report.view = options_.view;
    report.view.seconds = seconds;
    report.final = final;
    return report;
}

Status HistRun::loop() {
    constexpr milliseconds tick{100};
    for (bool stop = false; !stop && !output_.closed();) {
        const auto woken = time_->wait(tick);
        stop = woken.stop;
        if (!woken.report && options_.stop_after == 0)
            continue;
        auto so_far = report(false);
        if (!so_far)
            return so_far.error();
        const Histogram &histogram = so_far->histogram;
        if (options_.stop_after && histogram.hits + histogram.dropped >= options_.stop_after)
            stop = true;
        if (woken.report)
            if (auto shown = output_.interval(*so_far); !shown)
                return shown;
    }
    return success();
}

Status HistRun::finish() {
    if (auto stopped = source_->stop(); !stopped)
        return stopped;
    auto last = report(true);
    if (!last)
        return last.error();
    const Losses losses = hist_losses(last->histogram, source_->losses());
    source_.reset();
    return output_.end(*last, losses);
}

Result<int> HistRun::run() {
    auto time = RunTime::prepare(options_.time);
    if (!time)
        return time.error();
    time_.emplace(std::move(*time));
    if (auto prepared = prepare(); !prepared)
        return prepared.error();
    if (auto started = source_->start(); !started)
        return started.error();
    time_->begin();
    if (auto begun = begin(); !begun)
        return begun.error();
    if (auto subject = time_->start_subject(); !subject)
        return subject.error();
    if (auto looped = loop(); !looped)
        return looped.error();
    if (auto finished = finish(); !finished)
        return finished.error();
    return time_->command_status().value_or(0);
}

}  // namespace

Result<int> run_hist(const TraceFs &fs, const HistRunOptions &options, HistOutput &output) {
    return HistRun(fs, options, output).run();
}

}  // namespace whydrop
