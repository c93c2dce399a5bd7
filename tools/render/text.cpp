// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "render/words.h"

namespace whydrop {
namespace {

constexpr size_t kIntervalRows = 20;  // an interval is a glance: the summary has the rest
constexpr size_t kFinalRows = 100;

std::string session_lines(const Session &session) {
    return fmt::format("whydrop {} on {}: Linux {} {}, {} CPUs\nsource: {}\n",
                       escaped(session.version), escaped(session.host), escaped(session.kernel),
                       escaped(session.machine), session.cpus, escaped(session.source));
}

}  // namespace

Status TextSink::begin(const Session &session) {
    session_ = session;
    if (!options_.style.verbose || options_.quiet)
        return success();
    Status written = output_.write(session_lines(session));
    return written ? output_.flush() : written;
}

uint64_t TextSink::since_midnight_ns(uint64_t time_ns) const {
    uint64_t unix_ns = session_.start_unix_ns + (time_ns - session_.start_ns);
    std::time_t unix_s = static_cast<std::time_t>(unix_ns / 1'000'000'000);
    std::tm local{};
    ::localtime_r(&unix_s, &local);
    const int s = local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec;
    return static_cast<uint64_t>(s) * 1'000'000'000 + unix_ns % 1'000'000'000;
}

Status TextSink::record(const DropRecord &drop) {
    std::string text;
    if (!each_header_ && options_.style.header)
        text = drop_header(drop.event, options_.style);
    each_header_ = true;
    return output_.write(text + drop_line(drop, since_midnight_ns(drop.time_ns), options_.style));
}

std::string TextSink::table_text(const Report &report, size_t max_rows, uint64_t since_ns) const {
    const TextStyle &style = options_.style;
    ReportTable result = report_table(report, style, style.verbose ? 0 : max_rows, since_ns);
    std::string text;
    if (result.table.rows()) {
        auto lines = result.table.lines(style.wide ? 0 : kTextColumns, style.header);
        for (size_t i = 0; i < lines.size(); ++i)
            text += (i == 0 && style.header ? coloured(lines[i], "1", style) : lines[i]) + "\n";
    }
    for (const auto &line : hidden_lines(result))
        text += line + "\n";
    return text;
}

Status TextSink::interval(const Report &so_far) {
    if (options_.quiet)
        return success();
    if (options_.live)
        return redraw(so_far);
    Status written =
        output_.write(coloured(period_line(so_far, session_.start_ns), "1", options_.style) + "\n" +
                      table_text(so_far, kIntervalRows, session_.start_ns) + "\n");
    return written ? output_.flush() : written;
}

Status TextSink::redraw(const Report &report) {
    const TextStyle &style = options_.style;
    const Window window = window_of(output_.fd());
    const size_t columns = style.wide ? window.columns : std::min(window.columns, kTextColumns);
    const size_t taken = 5;  // period, header, other, two lines of what is hidden; the cursor's
    const size_t rows = window.rows > taken + 2 ? window.rows - taken - 1 : 1;
    const ReportTable result = report_table(report, style, rows, session_.start_ns);
    std::vector<Screen::Line> lines = {{period_line(report, session_.start_ns)}};
    for (auto &line : result.table.lines(columns, style.header))
        lines.push_back({std::move(line), lines.size() == 1 && style.header});
    for (auto &line : hidden_lines(result))
        lines.push_back({std::move(line)});
    return screen_.draw(output_, lines, style.colour);
}

Status TextSink::end(const Report &report, const Losses &losses) {
    std::string text = screen_.cleared();
    if (!options_.quiet) {
        text += each_header_ ? "" : table_text(report, kFinalRows, report.from_ns);
        text += explanation_blocks(report, options_.style);
        if (report.event == PacketEvent::receive)
            text += stack_blocks(report, options_.style);
        for (const auto &note : session_.notes)
            text += wrap("note: ", note, kTextColumns);
        if (!text.empty() && text.back() == '\n')
            text += "\n";
    }
    text += total_line(report) + "\n" + xdp_lines(report) + losses_text(losses);
    Status written = output_.write(text);
    return written ? output_.flush() : written;
}

}  // namespace whydrop
