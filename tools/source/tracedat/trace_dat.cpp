// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracedat/trace_dat.h"

#include <algorithm>
#include <charconv>

#include "source/events/stack_joiner.h"
#include "source/tracefs/event_format.h"

namespace whydrop {

using tracedat::CpuReader;

namespace {

constexpr size_t ids = 65536;
constexpr uint64_t events_between_looks = 65536;

// The number behind `key` in a format file or a statistics file.
std::optional<uint64_t> number_behind(const std::string &text, const std::string &key) {
    const size_t at = text.find(key);
    if (at == std::string::npos)
        return {};
    uint64_t value = 0;
    const char *begin = text.data() + at + key.size();
    while (begin < text.data() + text.size() && *begin == ' ')
        begin++;
    const auto [end, err] = std::from_chars(begin, text.data() + text.size(), value);
    return err == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

bool is_trace_file(const std::string &path) {
    const auto input = tracedat::Input::open(path);
    const auto begin = input ? input->read(0, std::min<uint64_t>(input->size(), 16)) : std::nullopt;
    return begin && tracedat::is_trace_dat(*begin);
}

Result<std::unique_ptr<TraceDat>> TraceDat::open(const std::string &path) {
    auto input = tracedat::Input::open(path);
    if (!input)
        return input.error();
    auto head = tracedat::read_head(*input, path);
    if (!head)
        return head.error();
    return std::unique_ptr<TraceDat>(new TraceDat(std::move(*input), std::move(*head)));
}

TraceDat::TraceDat(tracedat::Input input, tracedat::Head head)
    : input_(std::move(input)),
      head_(std::move(head)),
      names_(head_.kallsyms, head_.cmdlines),
      by_id_(ids),
      kinds_(head_.events.size()),
      formats_(head_.events.size()) {
    for (size_t i = 0; i < head_.events.size(); i++)
        if (const auto id = number_behind(head_.events[i].text, "\nID: "); id && *id < ids)
            by_id_[*id] = i + 1;
}

const TraceDat::Kind *TraceDat::kind(uint16_t id) {
    const size_t place = by_id_[id];
    if (place == 0)
        return nullptr;
    auto &kind = kinds_[place - 1];
    if (kind)
        return kind.get();
    const tracedat::EventText &event = head_.events[place - 1];
    auto format = parse_event_format(event.text);
    if (!format) {
        by_id_[id] = 0;
        return nullptr;
    }
    formats_[place - 1] = std::make_unique<EventFormat>(std::move(*format));
    const EventFormat *parsed = formats_[place - 1].get();
    kind = std::make_unique<Kind>(Kind{event.system, parsed->name, parsed, &event.text});
    return kind.get();
}

const TraceDat::Kind *TraceDat::kind(const std::string &name) {
    const size_t colon = name.find(':');
    const std::string system = colon == std::string::npos ? "" : name.substr(0, colon);
    const std::string wanted = "name: " + name.substr(colon == std::string::npos ? 0 : colon + 1);
    for (const tracedat::EventText &event : head_.events) {
        if ((!system.empty() && event.system != system) || !event.text.starts_with(wanted + "\n"))
            continue;
        if (const auto id = number_behind(event.text, "\nID: "); id && *id < ids)
            return kind(static_cast<uint16_t>(*id));
    }
    return nullptr;
}

uint64_t TraceDat::time_of(uint64_t clock) const {
    if (head_.tsc) {
        const auto wide = static_cast<unsigned __int128>(clock) * head_.tsc->multiplier;
        clock = static_cast<uint64_t>(wide >> head_.tsc->shift) + head_.tsc->offset;
    }
    return clock + static_cast<uint64_t>(head_.offset_ns);
}

std::vector<std::unique_ptr<CpuReader>> TraceDat::readers() {
    std::vector<std::unique_ptr<CpuReader>> all;
    for (const tracedat::Buffer &buffer : head_.buffers)
        for (const tracedat::CpuData &cpu : buffer.cpus)
            all.push_back(std::make_unique<CpuReader>(input_, head_, buffer, cpu));
    return all;
}

uint64_t TraceDat::begin_ns() {
    uint64_t begin = UINT64_MAX;
    for (const auto &reader : readers())
        if (reader->next())
            begin = std::min(begin, time_of(reader->event().time));
    return begin == UINT64_MAX ? 0 : begin;
}

// False: an event of which the file says nothing.
bool TraceDat::view(const CpuReader &reader, TraceEventView &event) {
    const auto &record = reader.event();
    const auto id = record.data.size() < 2
                        ? uint16_t{0}
                        : static_cast<uint16_t>(static_cast<uint16_t>(record.data[0]) |
                                                static_cast<uint16_t>(record.data[1]) << 8);
    const size_t place = by_id_[id];
    const Kind *known = place && kinds_[place - 1] ? kinds_[place - 1].get() : kind(id);
    event.time_ns = time_of(record.time);
    first_ns_ = std::min(first_ns_, event.time_ns);
    last_ns_ = std::max(last_ns_, event.time_ns);
    if (!known) {
        unknown_++;
        return false;
    }
    event.format = known->format;
    event.record = record.data;
    event.cpu = static_cast<int>(reader.cpu());
    event.stack = {};
    return true;
}

void TraceDat::account(const CpuReader &reader) {
    const CpuReader::Lost &lost = reader.lost();
    lost_.records += lost.records;
    lost_.unknown_times += lost.unknown_times;
    lost_.pages += lost.pages;
    lost_.bytes += lost.bytes;
}

// Among all CPUs the earliest next; of equal times that which stands first in the file.
void TraceDat::read_by_time(const EachRecorded &each,
                            const std::function<void(uint64_t)> &progress) {
    const auto all = readers();
    std::vector<size_t> heap;
    const auto later = [&all](size_t a, size_t b) {
        const uint64_t of_a = all[a]->event().time, of_b = all[b]->event().time;
        return of_a != of_b ? of_a > of_b : a > b;
    };
    for (size_t i = 0; i < all.size(); i++)
        if (all[i]->next())
            heap.push_back(i);
    std::make_heap(heap.begin(), heap.end(), later);
    TraceEventView event;
    uint64_t seen = 0;
    while (!heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), later);
        CpuReader &reader = *all[heap.back()];
        // As long as no other CPU has an earlier one.
        do {
            if (view(reader, event) && !each(event, reader.buffer()))
                return;
            if (progress && ++seen % events_between_looks == 0) {
                uint64_t bytes = 0;
                for (const auto &one : all)
                    bytes += one->bytes_read();
                progress(bytes);
            }
            if (!reader.next()) {
                heap.pop_back();
                break;
            }
        } while (heap.size() == 1 || !later(heap.back(), heap.front()));
        if (!heap.empty())
            std::push_heap(heap.begin(), heap.end(), later);
    }
    for (const auto &reader : all)
        account(*reader);
}

void TraceDat::read_by_cpu(const EachRecorded &each,
                           const std::function<void(uint64_t)> &progress) {
    const Kind *stack_kind = kind(std::string("ftrace:kernel_stack"));
    std::optional<KernelStackReader> stacks;
    if (stack_kind)
        stacks.emplace(*stack_kind->format, std::endian::native, head_.long_size);
    uint64_t done = 0, seen = 0;
    bool wanted = true;
    for (const auto &reader : readers()) {
        StackJoiner joiner;
        const EachEvent give = [&](const TraceEventView &event) {
            wanted = wanted && each(event, reader->buffer());
        };
        TraceEventView event;
        while (wanted && reader->next()) {
            if (!view(*reader, event))
                continue;
            if (stacks && event.format == stack_kind->format)
                joiner.stack(*stacks, event.record, give);
            else
                joiner.event(event, give);
            if (progress && ++seen % events_between_looks == 0)
                progress(done + reader->bytes_read());
        }
        joiner.flush(give);
        done += reader->bytes_read();
        account(*reader);
    }
}

Losses TraceDat::losses() const {
    Losses losses = head_.losses;
    uint64_t overrun = 0;
    for (const std::string &stats : head_.cpu_stats)
        for (const char *key : {"\noverrun: ", "\ncommit overrun: ", "\ndropped events: "})
            overrun += number_behind(stats, key).value_or(0);
    const auto add = [&losses](const char *kind, uint64_t count, const char *unit,
                               const std::string &detail) {
        if (count)
            losses.push_back({kind, count, unit, detail});
    };
    add("no_room", std::max(overrun, lost_.records), "events",
        "of any kind: the kernel's buffers had no room for them while trace-cmd recorded; a larger "
        "-b, or fewer events");
    if (lost_.unknown_times && !overrun)
        add("no_room", lost_.unknown_times, "times",
            "the kernel's buffers had no room, and it does not say for how many events");
    add("unknown_event", unknown_, "events", "the file does not say what they are");
    add("damaged", lost_.pages, "pages", "what is behind the first bad length of each is not read");
    add("unread", lost_.bytes, "bytes", "of packed events are damaged or cut off");
    if (head_.needs_peer)
        losses.push_back({"time_shift", 1, "clock",
                          "recorded in a guest: its times are not shifted to those of its host"});
    return losses;
}

Session TraceDat::session() const {
    // "Linux HOST RELEASE MACHINE"
    std::vector<std::string> words(1);
    for (const char c : head_.uname) {
        if (c == ' ')
            words.emplace_back();
        else
            words.back() += c;
    }
    Session session;
    if (words.size() >= 4) {
        session.host = words[1];
        session.kernel = words[2];
        session.machine = words.back();
    }
    session.version = head_.trace_cmd.empty() ? "" : "trace-cmd " + head_.trace_cmd;
    session.cpus = head_.cpus;
    session.source = "trace.dat version " + std::to_string(head_.version) +
                     (head_.packing_name.empty() ? "" : ", " + head_.packing_name) + ", clock " +
                     (head_.clock.empty() ? "local" : head_.clock);
    return session;
}

}  // namespace whydrop
