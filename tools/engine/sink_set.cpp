// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sink_set.h"

#include <utility>

namespace whydrop {

SinkSet::SinkSet(std::vector<Sink *> sinks) : sinks_(std::move(sinks)) {
    for (const Sink *sink : sinks_) {
        const Wants wants = sink->wants();
        wants_.records |= wants.records;
        wants_.samples |= wants.samples;
        wants_.causes |= wants.causes;
    }
}

Status SinkSet::each(const std::function<Status(Sink &)> &call, bool Wants::*asked_for) {
    for (Sink *sink : sinks_) {
        if (sink->closed() || (asked_for && !(sink->wants().*asked_for)))
            continue;
        auto done = call(*sink);
        if (!done && sink->closed())
            closed_ = true;
        else if (!done)
            return done;
    }
    return success();
}

Losses SinkSet::losses() const {
    Losses all;
    for (const Sink *sink : sinks_)
        for (Loss &loss : sink->losses())
            all.push_back(std::move(loss));
    return all;
}

}  // namespace whydrop
