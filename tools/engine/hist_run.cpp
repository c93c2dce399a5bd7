// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hist_run.h"

#include "engine/hist_section.h"
#include "engine/observation.h"
#include "engine/session.h"
#include "source/events/stream_hist.h"
#include "source/tracefs/trigger_hist.h"

namespace whydrop {

namespace {

using std::chrono::milliseconds;

// What has no time: it is of two events, and one of them was not seen.
std::vector<std::string> pair_notes(const PairLosses &losses) {
    std::vector<std::string> notes;
    const auto add = [&](uint64_t count, const char *what) {
        if (count > 0)
            notes.push_back(std::to_string(count) + " " + what);
    };
    add(losses.without_from, "second events had no first one in this run");
    add(losses.waiting, "first events had no second one until the end");
    add(losses.again, "first events came again before their second: the time is of the newer one");
    return notes;
}

// What there is to say at one moment.
std::vector<Section> document_of(const HistReport &report) {
    Section entries = hist_section(report.histogram, report.view);
    entries.title = hist_title(report);
    return {hist_summary(report), std::move(entries), notes_section(report.notes)};
}

class HistRun : public Observation {
  public:
    HistRun(const TraceFs &fs, const HistRunOptions &options, DocumentOutput &output)
        : fs_(fs), options_(options), output_(output) {}

  private:
    Status prepare() override;
    Status prepare_pairs(const PairAsk &ask);
    Status begin() override;
    Status loop() override;
    Result<HistReport> report(bool final);
    Status finish() override;

    const TraceFs &fs_;
    const HistRunOptions &options_;
    DocumentOutput &output_;
    std::unique_ptr<HistSource> source_;
    PairSource *pairs_ = nullptr;  // the same, when it is one
    bool triggers_ = false;        // the kernel counts
};

Status HistRun::prepare() {
    if (options_.question.pairs)
        return prepare_pairs(*options_.question.pairs);
    HistAsk ask = options_.question.ask;
    if (options_.own)
        ask.pids.push_back(*time_->command_pid());
    triggers_ = has_hist_triggers(fs_.top(), ask.event);
    auto source = triggers_ ? make_trigger_hist(fs_, ask) : make_stream_hist(fs_, ask);
    if (!source)
        return source.error();
    source_ = std::move(*source);
    return source_->start();
}

Status HistRun::prepare_pairs(const PairAsk &ask) {
    auto source = make_pairs(fs_, ask);
    if (!source)
        return source.error();
    triggers_ = (*source)->by_kernel();
    pairs_ = source->get();
    source_ = std::move(*source);
    return source_->start();
}

Status HistRun::begin() {
    const HistQuestion &question = options_.question;
    Session session = this_host();
    session.command = options_.command_line;
    session.source = (triggers_ ? "hist trigger of " : "events of ") + question.what;
    session.notes = question.notes;
    if (!triggers_)
        session.notes.push_back(
            has_hist_triggers(fs_.top(), question.ask.event)
                ? "the kernel cannot answer this by itself: each event was read and counted here"
                : "this kernel has no hist triggers: each event was read and counted here");
    if (const auto format = fs_.top().read("events/skb/kfree_skb/format"))
        session.has_reasons = format->find(" reason;") != std::string::npos;
    return output_.begin(session);
}

Result<HistReport> HistRun::report(bool final) {
    const HistQuestion &question = options_.question;
    // Of one that was armed later, nobody knows for how long.
    const bool whole = question.ask.start_on.empty() && question.ask.stop_on.empty();
    const double seconds = whole ? time_->seconds() : 0;
    auto histogram = source_->read();
    if (!histogram)
        return histogram.error();
    HistReport report;
    report.event = question.what;
    report.condition = question.condition;
    report.histogram = std::move(*histogram);
    report.view = question.view;
    report.view.seconds = seconds;
    if (pairs_)
        report.notes = pair_notes(pairs_->pair_losses());
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
            if (auto shown = output_.interval(document_of(*so_far)); !shown)
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
    Losses losses = hist_losses(last->histogram, source_->losses());
    if (const uint64_t forgotten = pairs_ ? pairs_->pair_losses().forgotten : 0; forgotten > 0)
        losses.push_back({"forgotten", forgotten, "events",
                          "waited longest for their second when there was no room for more",
                          false});
    pairs_ = nullptr;
    source_.reset();
    return output_.end({document_of(*last), losses});
}

}  // namespace

Result<int> run_hist(const TraceFs &fs, const HistRunOptions &options, DocumentOutput &output) {
    return HistRun(fs, options, output).run(options.time);
}

}  // namespace whydrop
