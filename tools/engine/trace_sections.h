// SPDX-License-Identifier: GPL-2.0-or-later
// What is in a trace.dat, beside drops: which events, what was received, what XDP gave up.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "model/document.h"
#include "source/events/event_aggregator.h"
#include "source/tracedat/trace_dat.h"

namespace whydrop {

class TraceSections {
  public:
    explicit TraceSections(TraceDat &file);

    void add(const TraceEventView &event, const tracedat::Buffer &buffer) {
        counts_[event.format->id & 0xffff][buffer_of(buffer)]++;
        for (Counted &counted : counted_)
            if (event.format == counted.format)
                counted.aggregator.add(event, file_.names());
    }

    [[nodiscard]] uint64_t count(const EventFormat *format) const;
    // `seconds`: from the first event to the last. Those with rows.
    [[nodiscard]] std::vector<Section> sections(double seconds);
    [[nodiscard]] Losses losses() const;

  private:
    struct Counted {
        const EventFormat *format;
        EventAggregator aggregator;
        bool is_xdp;
    };
    [[nodiscard]] size_t buffer_of(const tracedat::Buffer &buffer) const {
        return static_cast<size_t>(&buffer - file_.head().buffers.data());
    }
    void count_by(const char *event, const std::vector<std::string> &keys,
                  const std::vector<std::string> &values, bool is_xdp);
    [[nodiscard]] Section facts(double seconds);
    [[nodiscard]] Section events(double seconds);
    [[nodiscard]] Section received(const Histogram &histogram, double seconds) const;
    [[nodiscard]] Section exceptions(const Histogram &histogram) const;

    TraceDat &file_;
    std::vector<std::vector<uint64_t>> counts_;  // by id, then by buffer
    std::vector<Counted> counted_;
};

}  // namespace whydrop
