// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_drop_run.h"

#include "engine/observation.h"
#include "engine/session.h"
#include "engine/xdp_programs.h"
#include "source/drop_filter.h"

namespace whydrop {

namespace {

using std::chrono::milliseconds;

class DropRun : public Observation {
  public:
    DropRun(const XdpDropOptions &options, DocumentOutput &output)
        : options_(options), output_(output) {}

  private:
    Status prepare() override;
    Status begin() override;
    Status loop() override;
    Status consume();
    void take(XdpPacket packet);
    Result<XdpDropReport> report();
    Status show(XdpDropReport report);
    Status finish() override;
    Status finish_capture(const XdpPacketTotals &totals, Losses &losses);

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
        stop =
            stop || (options_.stop_after && all_of(so_far->totals).packets >= options_.stop_after);
        if (woken.report)
            if (auto shown = show(std::move(*so_far)); !shown)
                return shown;
    }
    return success();
}

// What it could not keep is said everywhere.
Status DropRun::finish_capture(const XdpPacketTotals &totals, Losses &losses) {
    if (!capture_)
        return success();
    Report report;
    report.final = true;
    report.from_ns = session_.start_ns;
    report.to_ns = monotonic_ns();
    const XdpCount all = all_of(totals);
    report.total = {all.packets, all.packets, all.bytes};
    const Losses lost = capture_->losses();
    losses.insert(losses.end(), lost.begin(), lost.end());
    return capture_->end(report, losses);
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
    if (auto finished = finish_capture(last->totals, document.losses); !finished)
        return finished;
    return output_.end(std::move(document));
}

}  // namespace

Result<int> run_xdp_drops(const XdpDropOptions &options, DocumentOutput &output) {
    return DropRun(options, output).run(options.time);
}

}  // namespace whydrop
