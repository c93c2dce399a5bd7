// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/counters_run.h"

#include <algorithm>
#include <optional>

#include "engine/counters_report.h"
#include "engine/observation.h"
#include "engine/session.h"
#include "source/counters/reader.h"

namespace whydrop {

namespace {

class CountersRun : public Observation {
  public:
    CountersRun(const CountersRunOptions &options, CounterReader reader, CounterBook book,
                DocumentOutput &output)
        : options_(options), reader_(std::move(reader)), book_(std::move(book)), output_(output) {}

  private:
    Status prepare() override;
    Status begin() override;
    Status step();
    Status loop() override;
    [[nodiscard]] CountersReport report(bool final) const;
    Status finish() override;

    const CountersRunOptions &options_;
    CounterReader reader_;
    CounterBook book_;
    DocumentOutput &output_;
    CounterReading last_;
    CounterTotals all_, recent_;
    double reported_s_ = 0;
    std::vector<std::string> gone_;
};

Status CountersRun::prepare() {
    auto first = reader_.read();
    if (!first)
        return first.error();
    last_ = std::move(*first);
    all_ = CounterTotals(last_);
    return success();
}

Status CountersRun::begin() {
    Session session = this_host();
    session.command = options_.command_line;
    session.source = "counters";
    for (const std::string &source : last_.unread)
        session.notes.push_back("not read: " + source);
    return output_.begin(session);
}

Status CountersRun::step() {
    auto now = reader_.read();
    if (!now)
        return now.error();
    const std::vector<CounterChange> changes = counter_changes(last_, *now);
    all_.add(changes);
    recent_.add(changes);
    for (std::string &gone : counters_gone(last_, *now))
        if (std::ranges::find(gone_, gone) == gone_.end())
            gone_.push_back(std::move(gone));
    last_ = std::move(*now);
    return success();
}

// At the end, the rate is that of the whole run.
CountersReport CountersRun::report(bool final) const {
    CountersReport report;
    report.changes = all_.all();
    report.seconds = time_->seconds();
    report.recent = final ? all_.all() : recent_.all();
    report.recent_seconds = final ? report.seconds : report.seconds - reported_s_;
    report.gone = gone_;
    report.all = options_.all;
    report.final = final;
    return report;
}

// Read at least each second, shown or not: what a device counted until it went is kept, and a
// counter of 32 bits that runs over is noticed each time.
Status CountersRun::loop() {
    constexpr std::chrono::milliseconds tick{1000};
    for (bool stop = false; !stop && !output_.closed();) {
        const auto woken = time_->wait(tick);
        stop = woken.stop;
        if (auto stepped = step(); !stepped)
            return stepped;
        if (!woken.report || stop)
            continue;
        if (auto shown = output_.interval(counters_document(report(false), book_)); !shown)
            return shown;
        recent_ = {};
        reported_s_ = time_->seconds();
    }
    return success();
}

Status CountersRun::finish() {
    const CountersReport last = report(true);
    return output_.end({counters_document(last, book_), counters_losses(last)});
}

}  // namespace

Result<int> run_counters(const CountersRunOptions &options, DocumentOutput &output) {
    auto book = CounterBook::built_in();
    if (!book)
        return book.error();
    auto reader = CounterReader::open(options.netns, options.dev);
    if (!reader)
        return reader.error();
    return CountersRun(options, std::move(*reader), std::move(*book), output).run(options.time);
}

}  // namespace whydrop
