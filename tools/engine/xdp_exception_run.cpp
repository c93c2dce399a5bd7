// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_exception_run.h"

#include "engine/observation.h"
#include "engine/session.h"
#include "engine/xdp_drops.h"
#include "engine/xdp_programs.h"
#include "source/drop_filter.h"

namespace whydrop {

namespace {

using std::chrono::milliseconds;

class ExceptionRun : public Observation {
  public:
    ExceptionRun(const XdpExceptionOptions &options, DocumentOutput &output)
        : options_(options), output_(output) {}

  private:
    Status prepare() override;
    void prepare_samples(const NetworkPlace &place);
    Status consume_samples();
    Status begin() override;
    Status loop() override;
    Status finish() override;
    Result<XdpErrorReport> report();
    void learn_names(const std::vector<XdpErrorGroup> &groups);

    const XdpExceptionOptions &options_;
    DocumentOutput &output_;
    XdpErrorView view_;
    XdpNames names_;
    Session session_;
    std::unique_ptr<XdpErrors> errors_;
    std::unique_ptr<XdpPackets> packets_;  // nothing: no samples are taken
    XdpProgramsObserved programs_;
    XdpFirstPackets samples_;
    XdpErrorTotals totals_;
    std::vector<XdpErrorGroup> before_;
    double before_seconds_ = 0;
};

Status ExceptionRun::prepare() {
    session_ = this_host();
    const auto place = find_place(options_.netns, options_.iface);
    if (!place)
        return place.error();
    view_ = {options_.keys, place->netns, place->ifindex};
    auto errors = XdpErrors::open();
    if (!errors)
        return errors.error();
    errors_ = std::move(*errors);
    if (options_.sample)
        prepare_samples(*place);
    return success();
}

// Of exceptions that are answers: what fails behind a program is known when it is gone.
void ExceptionRun::prepare_samples(const NetworkPlace &place) {
    XdpPacketAsk ask;
    ask.answers = {XdpAnswer::aborted, XdpAnswer::invalid};
    ask.netns = place.netns;
    ask.ifindex = place.ifindex;
    auto packets = XdpPackets::open(ask);
    const Status begun = packets ? programs_.begin(**packets, place) : packets.error();
    if (packets)
        packets_ = std::move(*packets);
    if (!begun && programs_.notes().empty())
        session_.notes.push_back("no packets are shown: " + begun.error().what);
}

Status ExceptionRun::consume_samples() {
    if (!packets_)
        return success();
    programs_.look_again(*packets_);
    return packets_->consume([this](const XdpPacket &packet) { samples_.add(packet); });
}

Status ExceptionRun::begin() {
    session_.command = options_.command_line;
    session_.source = "tracepoints of XDP";
    for (const std::string &absent : errors_->absent())
        session_.notes.push_back("this kernel has no tracepoint " + absent +
                                 ": what it would tell is not counted");
    if (view_.netns)
        session_.notes.push_back(
            "the tracepoints of cpumaps name no device: what they tell is left out");
    return output_.begin(session_);
}

Result<XdpErrorReport> ExceptionRun::report() {
    auto totals = errors_->read();
    if (!totals)
        return totals.error();
    totals_ = std::move(*totals);
    XdpErrorReport report;
    report.view = view_;
    report.seconds = time_->seconds();
    report.groups = group_errors(totals_.errors, view_);
    learn_names(report.groups);
    return report;
}

// Before the programs and devices are gone.
void ExceptionRun::learn_names(const std::vector<XdpErrorGroup> &groups) {
    for (const XdpErrorGroup &group : groups) {
        if (group.error.program)
            program_words(names_, group.error.program);
        if (group.error.ifindex)
            names_.device(group.error.netns, group.error.ifindex);
    }
}

Status ExceptionRun::loop() {
    constexpr milliseconds tick{100};
    for (bool stop = false; !stop && !output_.closed();) {
        const auto woken = time_->wait(tick);
        stop = woken.stop;
        if (auto consumed = consume_samples(); !consumed)
            return consumed;
        auto so_far = report();
        if (!so_far)
            return so_far.error();
        if (!woken.report)
            continue;
        so_far->before = std::exchange(before_, so_far->groups);
        so_far->period_seconds = so_far->seconds - std::exchange(before_seconds_, so_far->seconds);
        if (auto shown = output_.interval(error_sections(*so_far, names_)); !shown)
            return shown;
    }
    return success();
}

Status ExceptionRun::finish() {
    auto last = report();
    if (!last)
        return last.error();
    last->period_seconds = last->seconds;
    Document document{error_sections(*last, names_), error_losses(totals_)};
    if (packets_) {
        packets_->stop();
        if (auto consumed = consume_samples(); !consumed)
            return consumed;
        document.sections.push_back(first_packets_section(samples_, session_, names_));
        document.sections.push_back(notes_section(programs_.notes()));
    }
    return output_.end(std::move(document));
}

}  // namespace

Result<int> run_xdp_exceptions(const XdpExceptionOptions &options, DocumentOutput &output) {
    return ExceptionRun(options, output).run(options.time);
}

}  // namespace whydrop
