// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracefs/trigger_hist.h"

#include <optional>

#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_text.h"
#include "source/tracefs/hist_trigger.h"
#include "sys/trace_instance.h"

namespace whydrop {

namespace {

class TriggerHist : public HistSource {
  public:
    TriggerHist(const TraceFs &fs, HistAsk ask, EventFormat format, std::string text,
                std::string paused_text, std::vector<std::string> switches)
        : fs_(fs),
          ask_(std::move(ask)),
          format_(std::move(format)),
          text_(std::move(text)),
          paused_text_(std::move(paused_text)),
          switch_texts_(std::move(switches)) {}

    Status start() override;
    Status stop() override;
    Result<Histogram> read() override;
    TraceLosses losses() override { return {}; }

  private:
    Status only_these_processes();
    Status set_switches();

    const TraceFs &fs_;
    HistAsk ask_;
    EventFormat format_;
    std::string text_, paused_text_;
    std::vector<std::string> switch_texts_;  // of start_on, then of stop_on

    // In the order in which they are made; what was made last goes first.
    std::optional<TraceInstance> instance_;
    std::optional<TraceTrigger> trigger_;
    std::vector<TraceTrigger> switches_;
};

// An event of a process that is not among these does not reach the triggers: no room is reserved
// for it (trace_event_buffer_reserve).
Status TriggerHist::only_these_processes() {
    if (ask_.pids.empty())
        return success();
    const TraceDir &dir = instance_->dir();
    if (auto set = dir.append("options/event-fork", "1"); !set)
        return set;
    for (const pid_t pid : ask_.pids)
        if (auto set = dir.append("set_event_pid", std::to_string(pid)); !set)
            return set;
    return success();
}

Status TriggerHist::set_switches() {
    size_t i = 0;
    for (const auto *list : {&ask_.start_on, &ask_.stop_on})
        for (const HistSwitch &at : *list) {
            auto trigger = TraceTrigger::set(instance_->dir(), at.event, switch_texts_[i++]);
            if (!trigger)
                return trigger.error();
            switches_.push_back(std::move(*trigger));
        }
    return success();
}

Status TriggerHist::start() {
    auto instance = TraceInstance::make(fs_.top());
    if (!instance)
        return instance.error();
    instance_.emplace(std::move(*instance));
    if (auto limited = only_these_processes(); !limited)
        return limited;
    auto trigger = TraceTrigger::set(instance_->dir(), ask_.event, text_);
    if (!trigger)
        return trigger.error();
    trigger_.emplace(std::move(*trigger));
    return set_switches();
}

Status TriggerHist::stop() {
    while (!switches_.empty())
        switches_.pop_back();
    // The same trigger again, with `pause`: that is what pauses it.
    return instance_->dir().append(ask_.event.file("trigger"), paused_text_);
}

Result<Histogram> TriggerHist::read() {
    auto text = instance_->dir().read(ask_.event.file("hist"));
    if (!text)
        return text.error();
    auto histograms = parse_hist(*text);
    if (!histograms)
        return histograms.error();
    if (histograms->size() != 1)
        return Error{Errc::failed,
                     "the histogram of " + ask_.event.text() + " is gone: somebody removed it",
                     {}};
    Histogram histogram = std::move(histograms->front());
    name_values(histogram, format_);
    return histogram;
}

// enable_hist:net:netif_receive_skb if filename == "/usr/bin/wget"
Status add_switches(const TraceFs &fs, const std::string &word, const TraceEvent &target,
                    const std::vector<HistSwitch> &list, std::vector<std::string> &texts) {
    for (const HistSwitch &at : list) {
        std::string text = word + ":" + target.text();
        if (!at.condition.empty()) {
            auto format = read_event_format(fs.top(), at.event);
            if (!format)
                return format.error();
            auto condition = hist_condition(at.condition, *format);
            if (!condition)
                return condition.error();
            text += " if " + *condition;
        }
        texts.push_back(std::move(text));
    }
    return success();
}

}  // namespace

bool has_hist_triggers(const TraceDir &top, const TraceEvent &event) {
    return top.has(event.file("hist"));
}

Result<std::unique_ptr<HistSource>> make_trigger_hist(const TraceFs &fs, const HistAsk &ask) {
    auto format = read_event_format(fs.top(), ask.event);
    if (!format)
        return format.error();
    auto text = hist_trigger(ask.query, *format);
    if (!text)
        return text.error();
    HistQuery paused = ask.query;
    paused.paused = true;
    auto paused_text = hist_trigger(paused, *format);
    if (!paused_text)
        return paused_text.error();
    std::vector<std::string> switches;
    if (auto added = add_switches(fs, "enable_hist", ask.event, ask.start_on, switches); !added)
        return added.error();
    if (auto added = add_switches(fs, "disable_hist", ask.event, ask.stop_on, switches); !added)
        return added.error();
    return std::unique_ptr<HistSource>(
        std::make_unique<TriggerHist>(fs, ask, std::move(*format), std::move(*text),
                                      std::move(*paused_text), std::move(switches)));
}

}  // namespace whydrop
