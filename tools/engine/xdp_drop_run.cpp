// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_drop_run.h"

#include <algorithm>
#include <set>

#include "engine/session.h"
#include "engine/xdp_programs.h"
#include "source/drop_filter.h"

namespace whydrop {

namespace {

using std::chrono::milliseconds;

class DropRun {
  public:
    DropRun(const XdpDropOptions &options, DocumentOutput &output)
        : options_(options), output_(output) {}

    Result<int> run();

  private:
    Status prepare();
    Status begin();
    Status loop();
    Status consume();
    void take(XdpPacket packet);
    Result<XdpDropReport> report();
    Status show(XdpDropReport report);
    Status finish();

    const XdpDropOptions &options_;
    DocumentOutput &output_;
    Session session_;
    XdpNames names_;
    std::unique_ptr<XdpPackets> packets_;
    XdpProgramsObserved programs_;
    std::optional<PcapngSink> capture_;
    XdpFirstPackets seen_;
    std::vector<XdpPacket> news_;  // with --each: not shown yet
    std::map<XdpChange, uint64_t> before_;
    double before_seconds_ = 0;
    std::optional<RunTime> time_;
};

Status DropRun::prepare() {
    const auto place = find_place(options_.netns, options_.iface);
    if (!place)
        return place.error();
    XdpPacketAsk ask = options_.ask;
    ask.netns = place->netns;
    ask.ifindex = place->ifindex;
    auto packets = XdpPackets::open(ask);
    if (!packets)
        return packets.error();
    packets_ = std::move(*packets);
    return programs_.begin(*packets_, *place);
}

Status DropRun::begin() {
    session_ = this_host();
    session_.command = options_.command_line;
    session_.source = "entry and exit of XDP programs";
    if (options_.verbose)
        session_.notes.push_back("observed: " + programs_.text());
    if (!options_.capture.path.empty()) {
        capture_.emplace(options_.capture);
        if (auto begun = capture_->begin(session_); !begun)
            return begun;
    }
    return output_.begin(session_);
}

void DropRun::take(XdpPacket packet) {
    seen_.add(packet);
    names_.program(packet.change.program);  // before it is gone
    names_.device(packet.change.netns, packet.change.ifindex);
    if (options_.each || capture_)
        news_.push_back(std::move(packet));
}

Status DropRun::consume() {
    if (auto consumed = packets_->consume([this](XdpPacket packet) { take(std::move(packet)); });
        !consumed)
        return consumed;
    if (capture_)
        for (const XdpPacket &packet : news_)
            if (auto kept = capture_->sample(drop_record_of(packet, names_)); !kept)
                return kept;
    Status shown = success();
    if (options_.each && !news_.empty())
        shown = output_.more(packet_section(news_, session_, names_));
    news_.clear();
    return shown;
}

Result<XdpDropReport> DropRun::report() {
    auto totals = packets_->read();
    if (!totals)
        return totals.error();
    XdpDropReport report;
    report.totals = std::move(*totals);
    report.seconds = time_->seconds();
    report.seen = seen_;
    return report;
}

Status DropRun::show(XdpDropReport report) {
    report.before = std::move(before_);
    report.period_seconds = report.seconds - std::exchange(before_seconds_, report.seconds);
    before_.clear();
    for (const XdpChangeCount &count : report.totals.counts)
        before_[count.change] = count.count.packets;
    std::vector<Section> sections = drop_sections(report, names_);
    sections.push_back(notes_section(programs_.notes()));
    return output_.interval(std::move(sections));
}

Status DropRun::loop() {
    constexpr milliseconds tick{100};
    for (bool stop = false; !stop && !output_.closed() && !(capture_ && capture_->closed());) {
        const auto woken = time_->wait(tick, packets_->poll_fd());
        stop = woken.stop;
        if (auto consumed = consume(); !consumed)
            return consumed;
        programs_.look_again(*packets_);
        if (!woken.report && options_.stop_after == 0)
            continue;
        auto so_far = report();
        if (!so_far)
            return so_far.error();
        uint64_t packets = 0;
        for (const XdpChangeCount &count : so_far->totals.counts)
            packets += count.count.packets;
        stop = stop || (options_.stop_after && packets >= options_.stop_after);
        if (woken.report)
            if (auto shown = show(std::move(*so_far)); !shown)
                return shown;
    }
    return success();
}

Status DropRun::finish() {
    packets_->stop();
    if (auto consumed = consume(); !consumed)
        return consumed;
    auto last = report();
    if (!last)
        return last.error();
    last->period_seconds = last->seconds;
    Document document{drop_sections(*last, names_), drop_losses(last->totals, options_.each)};
    if (!options_.each)
        document.sections.push_back(first_packets_section(seen_, session_, names_));
    document.sections.push_back(notes_section(programs_.notes()));
    if (capture_) {
        Report total;
        total.final = true;
        total.from_ns = session_.start_ns;
        total.to_ns = monotonic_ns();
        for (const XdpChangeCount &count : last->totals.counts)
            total.total += Count{count.count.packets, count.count.packets, count.count.bytes};
        const Losses lost = capture_->losses();
        document.losses.insert(document.losses.end(), lost.begin(), lost.end());
        if (auto ended = capture_->end(total, document.losses); !ended)
            return ended;
    }
    return output_.end(std::move(document));
}

Result<int> DropRun::run() {
    auto time = RunTime::prepare(options_.time);
    if (!time)
        return time.error();
    time_.emplace(std::move(*time));
    if (auto prepared = prepare(); !prepared)
        return prepared.error();
    if (auto begun = begin(); !begun)
        return begun.error();
    time_->begin();
    if (auto subject = time_->start_subject(); !subject)
        return subject.error();
    if (auto looped = loop(); !looped)
        return looped.error();
    if (auto finished = finish(); !finished)
        return finished.error();
    return time_->command_status().value_or(0);
}

}  // namespace

Result<int> run_xdp_drops(const XdpDropOptions &options, DocumentOutput &output) {
    return DropRun(options, output).run();
}

}  // namespace whydrop
