// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/stream_hist.h"

#include <signal.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "source/events/event_aggregator.h"
#include "source/events/event_condition.h"
#include "source/events/event_stream.h"
#include "source/events/live_names.h"
#include "source/tracefs/event_format.h"
#include "sys/trace_instance.h"

namespace whydrop {

namespace {

constexpr auto kPause = std::chrono::milliseconds(10);

// Signals are for the thread that waits for them.
class NoSignals {
  public:
    NoSignals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals &) = delete;
    NoSignals &operator=(const NoSignals &) = delete;

  private:
    sigset_t before_{};
};

class StreamHist : public HistSource {
  public:
    StreamHist(const TraceFs &fs, HistAsk ask, const StreamHistOptions &options)
        : fs_(fs), ask_(std::move(ask)), options_(options), names_(fs.top()) {}
    ~StreamHist() override { end_thread(); }

    Status prepare();
    Status start() override;
    Status stop() override;
    Result<Histogram> read() override;
    TraceLosses losses() override;

  private:
    // A switch, and what is looked at here since the kernel has one filter for each event.
    struct Switch {
        size_t event = 0;  // of the stream's
        bool counts = false;
        EventCondition condition;
    };
    size_t streamed(const TraceEvent &event);
    Status add_switches(const std::vector<HistSwitch> &switches, bool counts);
    Result<EventFormat> format_of(const TraceEvent &event) const;
    void event(const TraceEventView &event);
    void end_thread();
    void run();
    void keep(const Status &status);

    const TraceFs &fs_;
    HistAsk ask_;
    StreamHistOptions options_;
    LiveNames names_;
    StreamOptions wanted_;
    std::vector<Switch> switches_;
    std::optional<TraceInstance> instance_;
    std::optional<EventStream> stream_;
    std::optional<EventAggregator> counted_;
    bool counts_ = true;

    std::mutex mutex_;  // of all above, once the thread runs
    std::condition_variable wake_;
    bool ends_ = false;
    std::optional<Error> problem_;
    std::thread thread_;
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

Result<EventFormat> StreamHist::format_of(const TraceEvent &event) const {
    auto text = fs_.top().read(event.file("format"));
    if (!text)
        return text.error();
    return parse_event_format(*text);
}

Status StreamHist::add_switches(const std::vector<HistSwitch> &switches, bool counts) {
    for (const HistSwitch &wanted : switches) {
        auto format = format_of(wanted.event);
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
    auto format = format_of(ask_.event);
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
    auto instance = TraceInstance::make(fs_.top());
    if (!instance)
        return instance.error();
    instance_.emplace(std::move(*instance));
    auto stream = EventStream::open(fs_, instance_->dir(), wanted_);
    if (!stream)
        return stream.error();
    stream_.emplace(std::move(*stream));
    return success();
}

void StreamHist::event(const TraceEventView &event) {
    if (event.format == &stream_->format(0) && counts_)
        counted_->add(event, names_);
    for (const Switch &it : switches_)
        if (event.format == &stream_->format(it.event) &&
            it.condition.matches(event, names_).value_or(false))
            counts_ = it.counts;
}

void StreamHist::keep(const Status &status) {
    if (!status && !problem_)
        problem_ = status.error();
}

void StreamHist::run() {
    std::unique_lock lock(mutex_);
    while (!ends_ && !problem_) {
        keep(stream_->read([this](const TraceEventView &view) { event(view); }));
        wake_.wait_for(lock, kPause, [this] { return ends_; });
    }
}

Status StreamHist::start() {
    if (auto started = stream_->start(); !started)
        return started;
    const NoSignals none;
    thread_ = std::thread([this] { run(); });
    return success();
}

void StreamHist::end_thread() {
    if (!thread_.joinable())
        return;
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

Status StreamHist::stop() {
    end_thread();
    if (auto stopped = stream_->stop(); !stopped)
        return stopped;
    keep(stream_->read_all([this](const TraceEventView &view) { event(view); }));
    return problem_ ? Status(*problem_) : success();
}

Result<Histogram> StreamHist::read() {
    const std::lock_guard lock(mutex_);
    if (!problem_)
        keep(stream_->read_all([this](const TraceEventView &view) { event(view); }));
    if (problem_)
        return *problem_;
    Histogram histogram = counted_->histogram(names_);
    histogram.paused = !counts_;
    return histogram;
}

TraceLosses StreamHist::losses() {
    const std::lock_guard lock(mutex_);
    auto losses = stream_->losses();
    if (!losses) {
        keep(losses.error());
        return {};
    }
    losses->unreadable += counted_->unreadable();
    losses->without_stack = counted_->without_stack();
    return *losses;
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
