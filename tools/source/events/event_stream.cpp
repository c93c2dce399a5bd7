// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_stream.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <thread>

#include "source/tracefs/event_format.h"
#include "source/tracefs/hist_trigger.h"
#include "sys/number.h"
#include "sys/trace_instance.h"

namespace whydrop {

namespace {

// By when a record is in its buffer whose time was taken before: an interrupt may come between.
constexpr auto kSettled = std::chrono::milliseconds(2);
constexpr uint64_t kLateNs = 10'000'000;

uint64_t now_ns() {
    constexpr uint64_t ns = 1'000'000'000;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * ns + static_cast<uint64_t>(now.tv_nsec);
}

// "cpu12" -> 12
std::optional<int> cpu_number(const std::string &name) {
    return name.starts_with("cpu") ? whole_number<int>(name.substr(3)) : std::nullopt;
}

// Behind "overrun: " at the beginning of a line.
uint64_t stat(const std::string &text, const std::string &name) {
    const size_t at = ("\n" + text).find("\n" + name + ": ");
    uint64_t value = 0;
    if (at != std::string::npos)
        std::from_chars(text.data() + at + name.size() + 2, text.data() + text.size(), value);
    return value;
}

uint32_t usual_buffer_kb(size_t cpus) {
    constexpr size_t all = 64 << 10, least = 512, most = 4096;
    return static_cast<uint32_t>(std::clamp(all / std::max<size_t>(cpus, 1), least, most));
}

Result<std::unique_ptr<EventFormat>> read_format(const TraceDir &dir, const std::string &file) {
    auto text = dir.read(file);
    if (!text)
        return text.error();
    auto format = parse_event_format(*text);
    if (!format)
        return format.error();
    return std::make_unique<EventFormat>(std::move(*format));
}

}  // namespace

Result<EventStream> EventStream::open(const TraceFs &fs, const TraceDir &instance,
                                      const StreamOptions &options) {
    EventStream stream(instance, options);
    if (auto done = stream.set_up(fs); !done)
        return done.error();
    return stream;
}

Status EventStream::set_up(const TraceFs &fs) {
    for (const auto &[file, text] : {std::pair("tracing_on", "0"), {"trace_clock", "mono"}})
        if (auto set = dir_.append(file, text); !set)
            return set;
    // What does not fit drives out whole pages of the oldest: an event goes with its stack.
    if (auto set = dir_.append("options/overwrite", "1"); !set)
        return set;
    if (auto set = dir_.append("options/stacktrace", options_.stacks ? "1" : "0"); !set)
        return set;
    if (auto set = set_pids(); !set)
        return set;
    if (auto read = read_formats(fs); !read)
        return read;
    if (auto opened = open_cpus(); !opened)
        return opened;
    if (auto set = set_buffers(); !set)
        return set;
    return set_events();
}

Status EventStream::set_pids() {
    if (options_.pids.empty())
        return success();
    if (auto set = dir_.append("options/event-fork", "1"); !set)
        return set;
    for (const pid_t pid : options_.pids)
        if (auto set = dir_.append("set_event_pid", std::to_string(pid)); !set)
            return set;
    return success();
}

Status EventStream::read_formats(const TraceFs &fs) {
    for (const StreamedEvent &wanted : options_.events) {
        auto format = read_format(dir_, wanted.event.file("format"));
        if (!format)
            return format.error();
        formats_.push_back(std::move(*format));
    }
    if (options_.stacks) {
        auto format = read_format(fs.top(), "events/ftrace/kernel_stack/format");
        if (!format)
            return format.error();
        stack_format_ = std::move(*format);
        stacks_ = std::make_unique<KernelStackReader>(*stack_format_);
    }
    auto header = read_format(fs.top(), "events/header_page");
    if (!header)
        return header.error();
    const auto layout = RawPageLayout::of(**header);
    if (!layout)
        return Error{Errc::unsupported, "this kernel's trace pages are not known here",
                     "events/header_page says how they are"};
    layout_ = *layout;
    page_.resize(layout_.data_offset + (*header)->field("data")->size);
    return success();
}

Status EventStream::set_events() {
    for (size_t i = 0; i < options_.events.size(); i++) {
        const StreamedEvent &wanted = options_.events[i];
        if (!wanted.condition.empty()) {
            auto condition = hist_condition(wanted.condition, *formats_[i]);
            if (!condition)
                return condition.error();
            if (auto set = dir_.append(wanted.event.file("filter"), *condition); !set)
                return kernel_refusal(dir_, wanted.event, *condition, set.error());
        }
        if (auto set = dir_.append(wanted.event.file("enable"), "1"); !set)
            return set;
    }
    return success();
}

Status EventStream::open_cpus() {
    std::error_code error;
    std::filesystem::directory_iterator entries(dir_.path() + "/per_cpu", error), end;
    for (; !error && entries != end; entries.increment(error)) {
        const auto number = cpu_number(entries->path().filename());
        if (!number)
            continue;
        const std::string path = entries->path().string() + "/trace_pipe_raw";
        Cpu cpu;
        cpu.number = *number;
        cpu.pages.reset(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        if (!cpu.pages)
            return errno_error("cannot open " + path, errno);
        cpus_.push_back(std::move(cpu));
    }
    if (cpus_.empty())
        return Error{Errc::failed, "no CPU has a trace buffer in " + dir_.path(), {}};
    return success();
}

Status EventStream::set_buffers() {
    constexpr uint32_t kb = 1024, least_pages = 2;
    const uint32_t wanted =
        options_.buffer_kb != 0 ? options_.buffer_kb : usual_buffer_kb(cpus_.size());
    if (auto set = dir_.append("buffer_size_kb", std::to_string(wanted)); !set)
        return set;
    pages_in_buffer_ = wanted * kb / static_cast<uint32_t>(page_.size()) + least_pages;
    return success();
}

Status EventStream::start() {
    running_ = true;
    return dir_.append("tracing_on", "1");
}

Status EventStream::stop() {
    running_ = false;
    return dir_.append("tracing_on", "0");
}

const EventFormat *EventStream::format_of(std::span<const std::byte> record) const {
    uint16_t id = 0;
    if (record.size() < sizeof id)
        return nullptr;
    std::memcpy(&id, record.data(), sizeof id);
    for (const auto &format : formats_)
        if (format->id == id)
            return format.get();
    return stack_format_ && stack_format_->id == id ? stack_format_.get() : nullptr;
}

void EventStream::read_page(Cpu &cpu, std::span<const std::byte> bytes, const EachEvent &each) {
    RawPage page(bytes, layout_);
    if (page.missed())
        cpu.joiner.flush(each);
    TraceEventView view;
    view.cpu = cpu.number;
    while (const auto record = page.next()) {
        view.record = record->data;
        view.time_ns = last_time_ = record->time;
        view.format = format_of(record->data);
        if (!view.format)
            continue;  // marks of the buffer itself
        if (view.format == stack_format_.get())
            cpu.joiner.stack(*stacks_, view.record, each);
        else if (stacks_)
            cpu.joiner.event(view, each);
        else
            each(view);
    }
    unreadable_ += page.damaged();
}

// As many pages as its buffer has: what comes meanwhile is for the next time.
Result<bool> EventStream::read_cpu(Cpu &cpu, const EachEvent &each) {
    for (uint32_t i = 0; i < pages_in_buffer_;) {
        const ssize_t got = ::read(cpu.pages.get(), page_.data(), page_.size());
        if (got < 0 && errno == EINTR)
            continue;
        // A CPU that is possible and was never there has no buffer (ENODEV).
        if (got == 0 || (got < 0 && (errno == EAGAIN || errno == ENODEV)))
            return true;
        if (got < 0)
            return errno_error("cannot read the trace buffer of CPU " + std::to_string(cpu.number),
                               errno);
        read_page(cpu, std::span(page_).first(static_cast<size_t>(got)), each);
        i++;
    }
    return false;
}

Result<uint64_t> EventStream::drain(const EachEvent &each) {
    uint64_t complete = UINT64_MAX;
    for (Cpu &cpu : cpus_) {
        const auto empty = read_cpu(cpu, each);
        if (!empty)
            return empty.error();
        if (!*empty)
            complete = std::min(complete, last_time_);
        if (!running_)
            cpu.joiner.flush(each);
    }
    return complete;
}

Status EventStream::read(const EachEvent &each) {
    const uint64_t now = now_ns();
    return read_until(now > kLateNs ? now - kLateNs : 0, each);
}

Status EventStream::read_all(const EachEvent &each) {
    const uint64_t now = now_ns();
    if (running_)
        std::this_thread::sleep_for(kSettled);
    return read_until(running_ ? now : UINT64_MAX, each);
}

Status EventStream::read_until(uint64_t time_ns, const EachEvent &each) {
    if (!options_.ordered) {
        auto complete = drain(each);
        return complete ? success() : Status(complete.error());
    }
    auto complete = drain([this](const TraceEventView &event) { sorter_.add(event); });
    if (!complete)
        return complete.error();
    sorter_.give(std::min(time_ns, *complete), each);
    return success();
}

Result<TraceLosses> EventStream::losses() const {
    TraceLosses losses;
    losses.unreadable = unreadable_;
    losses.of_any_kind = options_.stacks || options_.events.size() > 1;
    for (const Cpu &cpu : cpus_) {
        const auto stats = dir_.read("per_cpu/cpu" + std::to_string(cpu.number) + "/stats");
        if (!stats)
            return stats.error();
        losses.no_room += stat(*stats, "overrun") + stat(*stats, "dropped events");
        losses.interrupted += stat(*stats, "commit overrun");
    }
    return losses;
}

}  // namespace whydrop
