// SPDX-License-Identifier: GPL-2.0-or-later
// Trace buffers: a page, records of an event with a format of its own, a condition. The input's
// first byte chooses which.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "source/events/event_aggregator.h"
#include "source/events/event_pairs.h"
#include "source/events/event_sorter.h"
#include "source/events/raw_page.h"
#include "source/events/stack_joiner.h"
#include "source/events/syscall_names.h"
#include "source/tracefs/event_format.h"

using namespace whydrop;

// Its table is generated, and no input of it comes from outside.
std::string whydrop::syscall_name(uint64_t number) {
    return number == 0 ? "sys_read" : "unknown_syscall";
}

namespace {

class NoNames : public EventNames {
  public:
    Function function(uint64_t address) override {
        return {address % 2 ? "trace_event_raw_event_x" : "", {}, 1, 2};
    }
    std::string process(int32_t pid) override { return pid % 2 ? "bash" : ""; }
};

const EventFormat &sample_format() {
    static const auto format = parse_event_format(
        "name: sample\nID: 7\n"
        "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
        "\tfield:u64 skbaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
        "\tfield:__data_loc char[] dev;\toffset:16;\tsize:4;\tsigned:0;\n"
        "\tfield:__rel_loc unsigned long[] stack;\toffset:20;\tsize:4;\tsigned:0;\n"
        "\tfield:int size;\toffset:8;\tsize:4;\tsigned:1;\n"
        "\tfield:unsigned long caller[8];\toffset:16;\tsize:64;\tsigned:0;\n");
    return *format;
}

HistQuery query_of(const EventFormat &format) {
    HistQuery query;
    query.size = 128;
    for (const EventField &field : format.fields) {
        if (field.kind == EventField::Kind::number && query.values.size() < 2)
            query.values.push_back(field.name);
        const bool stack = field.kind == EventField::Kind::bytes && field.is_dynamic;
        if (stack || field.kind != EventField::Kind::bytes)
            query.keys.push_back(
                {field.name, stack ? HistModifier::stacktrace : HistModifier::none, 0});
    }
    return query;
}

// What came is in an entry, or in one of the numbers that say why not.
void count(const EventFormat &format, const std::vector<TraceEventView> &events) {
    NoNames names;
    auto counted = EventAggregator::make(query_of(format), format);
    if (!counted)
        return;
    for (const TraceEventView &event : events)
        counted->add(event, names);
    const Histogram histogram = counted->histogram(names);
    uint64_t hits = 0;
    for (const HistEntry &entry : histogram.entries)
        hits += entry.hits;
    if (hits != histogram.hits || hits + histogram.dropped + counted->unreadable() != events.size())
        std::abort();
}

void pair(const std::vector<TraceEventView> &events) {
    NoNames names;
    PairQuery query;
    query.from_on = query.to_on = "skbaddr";
    query.open = 3;
    query.size = 128;
    auto pairs = EventPairs::make(query, sample_format(), sample_format());
    uint64_t firsts = 0;
    for (const TraceEventView &event : events) {
        if (event.cpu % 2) {
            pairs->to(event, names);
        } else {
            pairs->from(event, names);
            firsts++;
        }
    }
    const PairLosses losses = pairs->losses();
    const uint64_t known =
        pairs->histogram(names).hits + losses.again + losses.forgotten + losses.waiting;
    if (known > firsts || known + losses.unreadable < firsts)
        std::abort();
}

void read_page(std::span<const std::byte> bytes) {
    NoNames names;
    RawPage page(bytes, {});
    StackJoiner joiner;
    EventSorter sorter;
    const KernelStackReader reader(sample_format());
    size_t given = 0, events = 0;
    const EachEvent each = [&](const TraceEventView &event) {
        sorter.add(event);
        given++;
    };
    std::vector<TraceEventView> views;
    while (const auto record = page.next()) {
        TraceEventView view;
        view.format = &sample_format();
        view.record = record->data;
        view.time_ns = record->time;
        view.cpu = static_cast<int>(record->data.size() / 4 % 2);
        views.push_back(view);
        if (record->data.size() % 3 == 0) {
            joiner.stack(reader, record->data, each);
            continue;
        }
        joiner.event(view, each);
        events++;
    }
    joiner.flush(each);
    uint64_t last = 0;
    sorter.give(UINT64_MAX, [&last, &given](const TraceEventView &event) {
        if (event.time_ns < last)
            std::abort();
        last = event.time_ns;
        given--;
    });
    // Those of the last moment that there is stay in the sorter.
    if (events < given)
        std::abort();
    count(sample_format(), views);
    pair(views);
}

// A format, a zero, and records of 48 bytes.
void read_records(std::span<const std::byte> bytes) {
    const std::string all(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    const size_t end = all.find('\0');
    const auto format = parse_event_format(all.substr(0, end));
    if (!format || end == std::string::npos)
        return;
    std::vector<TraceEventView> views;
    for (size_t at = end + 1; at < bytes.size(); at += 48) {
        TraceEventView view;
        view.format = &*format;
        view.record = bytes.subspan(at, std::min<size_t>(48, bytes.size() - at));
        views.push_back(view);
    }
    count(*format, views);
}

void try_condition(std::span<const std::byte> bytes) {
    const std::string text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    const auto condition = EventCondition::make(text, sample_format());
    if (!condition)
        return;
    const auto opposite = EventCondition::make("!(" + text + ")", sample_format());
    if (!opposite)  // of nothing there is none, and one bracket may be too many
        return;
    NoNames names;
    TraceEventView view;
    view.record = bytes;
    const auto is = condition->matches(view, names), is_not = opposite->matches(view, names);
    if (is.has_value() != is_not.has_value() || (is && *is == *is_not))
        std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    // A copy as long as it is: what reads beyond it is found.
    const std::vector<std::byte> bytes(reinterpret_cast<const std::byte *>(data) + 1,
                                       reinterpret_cast<const std::byte *>(data) + size);
    switch (data[0] % 3) {
        case 0:
            read_page(bytes);
            break;
        case 1:
            read_records(bytes);
            break;
        default:
            try_condition(bytes);
    }
    return 0;
}
