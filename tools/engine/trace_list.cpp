// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/trace_list.h"

#include <cinttypes>
#include <cstdio>

#include "render/words.h"

namespace whydrop {

namespace {

constexpr size_t rows_at_once = 512;

int32_t pid_of(const TraceEventView &event) {
    const EventField *field = event.format->field("common_pid");
    return field ? static_cast<int32_t>(FieldReader(*field).number(event.record).value_or(0)) : 0;
}

}  // namespace

TraceList::TraceList(TraceDat &file, bool json, Writer &lines, DocumentWriter &document)
    : file_(file), json_(json), lines_(lines), document_(document), printer_(file) {
    rows_.type = "event";
    rows_.columns = {{"time_ns", ""}, {"cpu", ""},    {"pid", ""}, {"comm", ""},
                     {"event", ""},   {"buffer", ""}, {"text", ""}};
}

namespace {

// As trace-cmd report: microseconds, or what the clock counts where that is no time.
std::string time_text(uint64_t time, bool is_ns) {
    constexpr uint64_t ns_in_us = 1000, us_in_s = 1'000'000;
    const uint64_t us = (time + ns_in_us / 2) / ns_in_us;
    char text[48];
    if (is_ns)
        std::snprintf(text, sizeof text, " %5" PRIu64 ".%06" PRIu64 ": ", us / us_in_s,
                      us % us_in_s);
    else
        std::snprintf(text, sizeof text, "%12" PRIu64 ": ", time);
    return text;
}

// Stacks have a line for each function, which begins with a tab.
std::string escaped_lines(const std::string &text) {
    std::string lines;
    for (size_t at = 0;;) {
        const size_t end = text.find_first_of("\n\t", at);
        lines += escaped(text.substr(at, end - at));
        if (end == std::string::npos)
            return lines;
        lines += text[end];
        at = end + 1;
    }
}

}  // namespace

// "      ping-4711  [001]  4711.250000: kfree_skb:            skbaddr=..."
std::string TraceList::line(const TraceEventView &event, const tracedat::Buffer &buffer,
                            int32_t pid, const std::string &text) const {
    char begin[96];
    std::snprintf(begin, sizeof begin, "%16s-%-5" PRId32 " [%03d]",
                  escaped(file_.names().process(pid)).c_str(), pid, event.cpu);
    std::string name = event.format->name + ":";
    if (constexpr size_t name_columns = 20; name.size() < name_columns)
        name.resize(name_columns, ' ');
    return (buffer.name.empty() ? "" : escaped(buffer.name) + ": ") + begin +
           time_text(event.time_ns, file_.head().clock_is_ns()) + name + " " + escaped_lines(text) +
           "\n";
}

Status TraceList::add(const TraceEventView &event, const tracedat::Buffer &buffer) {
    const int32_t pid = pid_of(event);
    const std::string text = printer_.text(event);
    if (!json_)
        return lines_.write(line(event, buffer, pid, text));
    const auto *kind = file_.kind(static_cast<uint16_t>(event.format->id));
    rows_.rows.push_back({event.time_ns, static_cast<uint64_t>(event.cpu), int64_t{pid},
                          file_.names().process(pid), kind ? kind->full_name() : event.format->name,
                          buffer.name.empty() ? Value() : Value(buffer.name), text});
    return rows_.rows.size() < rows_at_once ? success() : flush();
}

Status TraceList::flush() {
    if (!json_)
        return lines_.flush();
    auto written = rows_.rows.empty() ? success() : document_.write(rows_);
    rows_.rows.clear();
    return written;
}

}  // namespace whydrop
