// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_sorter.h"

#include <algorithm>
#include <tuple>

namespace whydrop {

void EventSorter::add(const TraceEventView &event) {
    kept_.push_back(
        {event, bytes_.size(), event.record.size(), stacks_.size(), event.stack.size()});
    bytes_.insert(bytes_.end(), event.record.begin(), event.record.end());
    stacks_.insert(stacks_.end(), event.stack.begin(), event.stack.end());
}

void EventSorter::give(uint64_t time_ns, const EachEvent &each) {
    // Where times are equal, as they came.
    std::sort(kept_.begin(), kept_.end(), [](const Kept &a, const Kept &b) {
        return std::tie(a.event.time_ns, a.bytes) < std::tie(b.event.time_ns, b.bytes);
    });
    const auto view_of = [this](const Kept &kept) {
        TraceEventView view = kept.event;
        view.record = std::span(bytes_).subspan(kept.bytes, kept.size);
        view.stack = std::span(stacks_).subspan(kept.stack, kept.depth);
        return view;
    };
    size_t given = 0;
    for (; given < kept_.size() && kept_[given].event.time_ns < time_ns; given++)
        each(view_of(kept_[given]));
    EventSorter rest;
    for (; given < kept_.size(); given++)
        rest.add(view_of(kept_[given]));
    *this = std::move(rest);
}

}  // namespace whydrop
