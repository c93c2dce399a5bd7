// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/trace_sections.h"

#include <algorithm>
#include <numeric>

#include "source/tracefs/hist_key.h"

namespace whydrop {

namespace {

constexpr size_t ids = 65536;

Value per_second(uint64_t count, double seconds) {
    return seconds > 0 ? Value(static_cast<double>(count) / seconds) : Value();
}

Value text_of(const HistKeyValue &value) {
    return value.text.empty() ? Value(value.number) : Value(value.text);
}

}  // namespace

TraceSections::TraceSections(TraceDat &file)
    : file_(file), counts_(ids, std::vector<uint64_t>(file.head().buffers.size())) {
    count_by("net:netif_receive_skb", {"name"}, {"len"}, false);
    count_by("xdp:xdp_exception", {"prog_id", "act", "ifindex"}, {}, true);
}

// An event that the file does not have, or whose fields have other names, is not counted.
void TraceSections::count_by(const char *event, const std::vector<std::string> &keys,
                             const std::vector<std::string> &values, bool is_xdp) {
    const auto *kind = file_.kind(std::string(event));
    HistQuery query;
    for (const std::string &key : keys)
        query.keys.push_back({key, HistModifier::none, 0});
    query.values = values;
    if (!kind)
        return;
    auto aggregator = EventAggregator::make(query, *kind->format);
    if (aggregator)
        counted_.push_back({kind->format, std::move(*aggregator), is_xdp});
}

uint64_t TraceSections::count(const EventFormat *format) const {
    const auto &counts = counts_[format->id & 0xffff];
    return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

Section TraceSections::facts(double seconds) {
    const Session session = file_.session();
    Section facts;
    facts.type = "trace";
    facts.shape = SectionShape::facts;
    facts.columns = {{"kernel", "KERNEL"},  {"host", "HOST"}, {"version", "WRITTEN BY"},
                     {"source", "FILE"},    {"cpus", "CPUS"}, {"begin_ns", ""},
                     {"seconds", "SECONDS"}};
    const auto or_nothing = [](const std::string &text) {
        return text.empty() ? Value() : Value(text);
    };
    const bool any = file_.first_ns() <= file_.last_ns();
    facts.rows = {{or_nothing(session.kernel), or_nothing(session.host),
                   or_nothing(session.version), session.source, uint64_t{session.cpus},
                   any ? Value(file_.first_ns()) : Value(), any ? Value(seconds) : Value()}};
    return facts;
}

Section TraceSections::events(double seconds) {
    Section events;
    events.type = "trace_event";
    events.title = "EVENTS";
    events.if_empty = "no event is in the file";
    const auto &buffers = file_.head().buffers;
    const bool named = std::any_of(buffers.begin(), buffers.end(),
                                   [](const auto &buffer) { return !buffer.name.empty(); });
    events.columns = {{"event", "EVENT"},
                      {"buffer", named ? "INSTANCE" : ""},
                      {"events", "EVENTS"},
                      {"events_per_second", "/S"}};
    for (size_t id = 0; id < counts_.size(); id++)
        for (size_t b = 0; b < counts_[id].size(); b++)
            if (const uint64_t count = counts_[id][b]) {
                const auto *kind = file_.kind(static_cast<uint16_t>(id));
                events.rows.push_back({kind ? kind->full_name() : std::to_string(id),
                                       buffers[b].name.empty() ? Value() : Value(buffers[b].name),
                                       count, per_second(count, seconds)});
            }
    std::stable_sort(events.rows.begin(), events.rows.end(), [](const auto &a, const auto &b) {
        return std::get<uint64_t>(a[2]) > std::get<uint64_t>(b[2]);
    });
    return events;
}

Section TraceSections::received(const Histogram &histogram, double seconds) const {
    Section section;
    section.type = "receive";
    section.title = "RECEIVED (net:netif_receive_skb)";
    section.columns = {{"dev", "DEV"},
                       {"packets", "PACKETS"},
                       {"bytes", "BYTES"},
                       {"packets_per_second", "PACKETS/S"}};
    for (const HistEntry &entry : histogram.entries)
        section.rows.push_back(
            {text_of(entry.keys[0]), entry.hits, entry.values[0], per_second(entry.hits, seconds)});
    return section;
}

Section TraceSections::exceptions(const Histogram &histogram) const {
    Section section;
    section.type = "xdp_exception";
    section.title = "XDP EXCEPTIONS (xdp:xdp_exception)";
    section.columns = {
        {"events", "EVENTS"}, {"action", "ACTION"}, {"prog_id", "PROG"}, {"ifindex", "IFINDEX"}};
    for (const HistEntry &entry : histogram.entries)
        section.rows.push_back(
            {entry.hits, text_of(entry.keys[1]), entry.keys[0].number, entry.keys[2].number});
    return section;
}

std::vector<Section> TraceSections::sections(double seconds) {
    std::vector<Section> all = {facts(seconds), events(seconds)};
    for (const Counted &counted : counted_) {
        Histogram histogram = counted.aggregator.histogram(file_.names());
        std::stable_sort(histogram.entries.begin(), histogram.entries.end(),
                         [](const auto &a, const auto &b) { return a.hits > b.hits; });
        if (!histogram.entries.empty())
            all.push_back(counted.is_xdp ? exceptions(histogram) : received(histogram, seconds));
    }
    return all;
}

Losses TraceSections::losses() const {
    Losses losses;
    for (const Counted &counted : counted_)
        if (const uint64_t unreadable = counted.aggregator.unreadable())
            losses.push_back({"unreadable", unreadable, "events",
                              counted.format->name + " whose fields are cut: in no table"});
    return losses;
}

}  // namespace whydrop
