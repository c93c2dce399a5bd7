// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/pair_source.h"

#include "source/tracefs/event_format.h"

namespace whydrop {

Result<PairFormats> read_pair_formats(const TraceDir &dir, const PairAsk &ask) {
    auto from = read_event_format(dir, ask.from);
    if (!from)
        return from.error();
    auto to = read_event_format(dir, ask.to);
    if (!to)
        return to.error();
    return PairFormats{std::move(*from), std::move(*to)};
}

Result<std::unique_ptr<PairSource>> make_pairs(const TraceFs &fs, const PairAsk &ask) {
    auto by_kernel = make_trigger_pairs(fs, ask);
    if (by_kernel || by_kernel.error().code != Errc::unsupported)
        return by_kernel;
    return make_stream_pairs(fs, ask);
}

}  // namespace whydrop
