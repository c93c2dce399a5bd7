// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/replay.h"

#include <optional>
#include <utility>

namespace whydrop {

namespace {

constexpr uint64_t lines_between_looks = 1024;

// Rows are for nobody to count again.
Status can_be_asked(const ReplayOptions &options, const std::vector<Sink *> &sinks) {
    const DropFilter &filter = options.filter;
    const bool selects = options.by || options.slice || filter.pid || !filter.iface.empty() ||
                         !filter.netns.empty() || !filter.reasons.empty() ||
                         !filter.proto.empty() || !filter.comm.empty() || !filter.packet.empty();
    bool captures = false;
    for (const Sink *sink : sinks)
        captures |= sink->wants().samples;
    if (selects || captures)
        return Error{Errc::usage,
                     std::string("the recording is a report without packets: ") +
                         (captures ? "--pcapng has nothing to write"
                                   : "nothing can be selected or counted again"),
                     ""};
    return success();
}

class Reading {
  public:
    Reading(DropReplay &drops, DocumentWriter &document) : drops_(drops), document_(document) {}

    Status take(RecordedItem &&item) {
        if (auto *section = std::get_if<Section>(&item))
            return take_section(*section);
        auto &line = std::get<JsonLine>(item);
        // Whose session it is, what comes next says.
        if (auto *session = std::get_if<Session>(&line); session && !session_ && drops_.empty()) {
            session_ = std::move(*session);
            return success();
        }
        if (auto *losses = std::get_if<Losses>(&line); losses && sections_ && drops_.empty()) {
            losses_ = std::move(*losses);
            return success();
        }
        auto begun = begin_drops();
        return begun ? drops_.take(std::move(line)) : begun;
    }

    [[nodiscard]] uint64_t sections() const { return sections_; }

    Status finish(Losses lost) {
        if (auto begun = begin_drops(); !begun)
            return begun;
        if (!drops_.empty())
            return drops_.finish(lost);
        losses_.insert(losses_.end(), lost.begin(), lost.end());
        return document_.end(losses_);
    }

  private:
    Status take_section(const Section &section) {
        sections_++;
        if (session_ && drops_.empty()) {
            const Session session = *std::exchange(session_, std::nullopt);
            if (auto begun = document_.begin(session); !begun)
                return begun;
        }
        return document_.write(section);
    }
    Status begin_drops() {
        return session_ ? drops_.take(*std::exchange(session_, std::nullopt)) : success();
    }

    DropReplay &drops_;
    DocumentWriter &document_;
    std::optional<Session> session_;  // until it is known what of
    uint64_t sections_ = 0;
    Losses losses_;
};

}  // namespace

Status replay_recording(Recording &recording, const ReplayOptions &options,
                        const std::vector<Sink *> &sinks, DocumentWriter &document,
                        const ReadingProgress &progress) {
    auto drops = DropReplay::begin(options, sinks);
    if (!drops)
        return drops.error();
    Reading reading(*drops, document);
    while (auto item = recording.next()) {
        if (std::holds_alternative<Section>(*item) && reading.sections() == 0)
            if (auto can = can_be_asked(options, sinks); !can)
                return can;
        if (auto taken = reading.take(std::move(*item)); !taken)
            return taken;
        if (drops->closed())
            return success();
        if (progress && recording.lines().line() % lines_between_looks == 0)
            progress(recording.lines().bytes(), recording.lines().size());
    }
    return reading.finish(recording.losses());
}

}  // namespace whydrop
