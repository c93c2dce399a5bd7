// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/xdp_stats_run.h"

#include <algorithm>

#include "engine/observation.h"
#include "engine/session.h"
#include "engine/xdp_error_meter.h"
#include "engine/xdp_stats.h"
#include "source/xdp/attachments.h"

namespace whydrop {

namespace {

using std::chrono::milliseconds;

constexpr double ns_per_s = 1e9;

Result<XdpCounting::Opened> open_counter(uint32_t program) {
    const auto fd = open_program(program);
    if (!fd)
        return fd.error();
    auto info = program_info(*fd);
    if (!info)
        return info.error();
    OpenedXdpCounter counter = open_xdp_counter(*info);
    return XdpCounting::Opened{std::move(*info), std::move(counter)};
}

class XdpStatsRun : public Observation {
  public:
    XdpStatsRun(const XdpStatsOptions &options, DocumentOutput &output)
        : options_(options), output_(output) {}

    // What was watched and is no more; empty: it is there.
    [[nodiscard]] std::string gone() const;

  private:
    Status prepare() override;
    Status look_first();
    void look();
    Status begin() override;
    Status loop() override;
    Status finish() override;
    [[nodiscard]] Losses losses() const;
    Result<XdpStatsReport> report(bool final);

    const XdpStatsOptions &options_;
    DocumentOutput &output_;
    std::optional<XdpWatch> watch_;
    XdpScene scene_;
    XdpErrorMeter errors_;
    std::optional<XdpCounting> counting_;
    uint64_t failed_looks_ = 0;
    std::string why_failed_;
    double begun_s_ = 0, period_s_ = 0;  // of monotonic time
};

double now_s() {
    return static_cast<double>(monotonic_ns()) / ns_per_s;
}

Status XdpStatsRun::look_first() {
    auto scene = watch_->look();
    if (!scene)
        return scene.error();
    scene_ = std::move(*scene);
    if (!scene_.has_device)
        return no_such_device(options_.iface, options_.netns);
    if (scene_.spots.empty() && options_.time.command.empty())
        return Error{Errc::usage,
                     options_.iface.empty() ? "no device has an XDP program"
                                            : options_.iface + " has no XDP program",
                     "whydrop xdp status shows which have; whydrop xdp load puts one on a device"};
    return success();
}

Status XdpStatsRun::prepare() {
    auto watch = XdpWatch::open(options_.netns, options_.iface);
    if (!watch)
        return watch.error();
    watch_.emplace(std::move(*watch));
    if (auto looked = look_first(); !looked)
        return looked;
    counting_.emplace(open_counter, now_s);
    counting_->follow(scene_);
    errors_.open();
    return success();
}

Status XdpStatsRun::begin() {
    counting_->begin();
    begun_s_ = period_s_ = now_s();
    Session session = this_host();
    session.command = options_.command_line;
    session.source = "XDP programs";
    session.notes = errors_.notes();
    return output_.begin(session);
}

// What is counted goes on being counted, also when nobody knows what has come meanwhile.
void XdpStatsRun::look() {
    auto scene = watch_->look();
    if (!scene) {
        failed_looks_++;
        why_failed_ = scene.error().what;
        return;
    }
    scene_ = std::move(*scene);
    counting_->follow(scene_);
}

std::string XdpStatsRun::gone() const {
    if (!scene_.has_netns)
        return "the network namespace " + options_.netns;
    return scene_.has_device ? "" : options_.iface;
}

Result<XdpStatsReport> XdpStatsRun::report(bool final) {
    counting_->sample();
    XdpStatsReport report;
    const double now = now_s();
    report.seconds = now - begun_s_;
    report.period_s = now - period_s_;
    report.final = final;
    report.programs = counting_->standings(final);
    report.counted = counting_->counted(final);
    report.changes = counting_->changes();
    auto errors = errors_.standings(*counting_, !options_.iface.empty() || !options_.netns.empty());
    if (!errors)
        return errors.error();
    report.errors = std::move(*errors);
    period_s_ = now;
    counting_->next_period();
    return report;
}

// Programs are looked for once in an interval, and at least once a second.
Status XdpStatsRun::loop() {
    constexpr milliseconds tick{100};
    const double interval = options_.time.interval_s;
    const double between_s = interval > 0 ? std::min(interval, 1.0) : 1.0;
    double next_look_s = now_s() + between_s;
    for (bool stop = false; !stop && !output_.closed();) {
        const auto woken =
            time_->wait(std::min(tick, milliseconds(static_cast<int64_t>(1000 * between_s) + 1)));
        stop = woken.stop;
        if (woken.report || now_s() >= next_look_s) {
            look();
            next_look_s = now_s() + between_s;
            stop |= !gone().empty() && options_.time.command.empty();
        }
        if (options_.stop_after) {
            counting_->sample();
            stop |= counting_->packets() >= options_.stop_after;
        }
        if (!woken.report)
            continue;
        const auto so_far = report(false);
        if (!so_far)
            return so_far.error();
        if (auto shown = output_.interval(xdp_stats_sections(*so_far)); !shown)
            return shown;
    }
    return success();
}

Losses XdpStatsRun::losses() const {
    Losses losses = counting_->losses();
    const Losses of_errors = errors_.losses();
    losses.insert(losses.end(), of_errors.begin(), of_errors.end());
    if (failed_looks_ > 0)
        losses.push_back({"not_followed", failed_looks_, "looks",
                          "at what is there now failed: " + why_failed_, false});
    for (const std::string &unseen : scene_.unseen)
        losses.push_back({"unseen", 1, "places", unseen, false});
    if (const std::string what = gone(); !what.empty())
        losses.push_back({"gone", 1, "places", what + " went away while it was watched", false});
    return losses;
}

Status XdpStatsRun::finish() {
    look();
    const auto last = report(true);
    return last ? output_.end({xdp_stats_sections(*last), losses()}) : last.error();
}

}  // namespace

Result<int> run_xdp_stats(const XdpStatsOptions &options, DocumentOutput &output) {
    XdpStatsRun stats(options, output);
    auto status = stats.run(options.time);
    const std::string gone = status ? stats.gone() : "";
    if (!gone.empty() && options.time.command.empty())
        return Error{Errc::failed, gone + " went away while it was watched", ""};
    return status;
}

}  // namespace whydrop
