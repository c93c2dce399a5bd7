// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/recording/slice.h"

#include <cctype>
#include <ctime>

namespace whydrop {

namespace {

constexpr uint64_t second_ns = 1'000'000'000, day_ns = 86400 * second_ns;

// "12", "12.25": no sign, no exponent, whole nanoseconds.
std::optional<uint64_t> seconds(const std::string &text) {
    uint64_t whole = 0, part = 0, unit = second_ns;
    bool dot = false, digits = false;
    for (const char c : text) {
        if (c == '.' && !dot) {
            dot = true;
            continue;
        }
        if (!std::isdigit(static_cast<unsigned char>(c)))
            return {};
        digits = true;
        const auto digit = static_cast<uint64_t>(c - '0');
        if (dot)
            part += (unit /= 10) * digit;
        else if (whole > UINT64_MAX / second_ns / 100)
            return {};
        else
            whole = whole * 10 + digit;
    }
    if (!digits)
        return {};
    return whole * second_ns + part;
}

// "14:03", "14:03:07.25": since midnight.
std::optional<uint64_t> time_of_day(const std::string &text) {
    int hour = 0, minute = 0, used = 0;
    if (std::sscanf(text.c_str(), "%2d:%2d%n", &hour, &minute, &used) != 2 || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59)
        return {};
    const std::string rest = text.substr(static_cast<size_t>(used));
    const auto second = rest.empty()     ? std::optional<uint64_t>(0)
                        : rest[0] == ':' ? seconds(rest.substr(1))
                                         : std::nullopt;
    if (!second || *second >= 61 * second_ns)
        return {};
    return static_cast<uint64_t>(hour * 3600 + minute * 60) * second_ns + *second;
}

// Midnight of the day by local time, in seconds since 1970.
uint64_t midnight_of(std::tm day) {
    day.tm_hour = day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1;
    return static_cast<uint64_t>(std::mktime(&day)) * second_ns;
}

std::optional<uint64_t> date(const std::string &text) {
    std::tm day{};
    const char *rest = ::strptime(text.c_str(), "%Y-%m-%d", &day);
    if (!rest || (*rest != 'T' && *rest != ' '))
        return {};
    const auto time = time_of_day(rest + 1);
    if (!time)
        return {};
    return midnight_of(day) + *time;
}

}  // namespace

std::optional<Slice::End> Slice::parse_end(const std::string &text) {
    if (text.empty())
        return End{};
    if (text[0] == '@') {
        const auto ns = seconds(text.substr(1));
        return ns ? std::optional(End{Kind::own_clock, *ns}) : std::nullopt;
    }
    if (const auto ns = seconds(text))
        return End{Kind::since_start, *ns};
    if (const auto ns = time_of_day(text))
        return End{Kind::time_of_day, *ns};
    if (const auto ns = date(text))
        return End{Kind::date, *ns};
    return {};
}

Result<Slice> Slice::parse(const std::string &text) {
    const size_t comma = text.find(',');
    const auto from = parse_end(text.substr(0, comma));
    const auto to = comma == std::string::npos ? std::nullopt : parse_end(text.substr(comma + 1));
    if (!from || !to)
        return Error{Errc::usage, "'" + text + "' is no part of a recording: START,END",
                     "each is seconds since the beginning (0.5,2), @ and a time of the recording's "
                     "own clock (@4711.2,), or local time (14:03:07,14:04); one may be empty"};
    Slice slice;
    slice.text_ = text;
    slice.from_ = *from;
    slice.to_ = *to;
    return slice;
}

uint64_t Slice::place(const End &end, const RecordedStart &start, uint64_t open) {
    const auto of_unix = [&start](uint64_t unix_ns) {
        const uint64_t back = *start.unix_ns > unix_ns ? *start.unix_ns - unix_ns : 0;
        return back > start.ns ? 0 : start.ns - back + (back ? 0 : unix_ns - *start.unix_ns);
    };
    switch (end.kind) {
        case Kind::open:
            return open;
        case Kind::since_start:
            return start.ns + end.ns;
        case Kind::own_clock:
            return end.ns;
        case Kind::date:
            return of_unix(end.ns);
        default:
            break;
    }
    const auto unix_s = static_cast<std::time_t>(*start.unix_ns / second_ns);
    std::tm local{};
    ::localtime_r(&unix_s, &local);
    return of_unix(midnight_of(local) + end.ns);
}

Result<TimeRange> Slice::resolve(const RecordedStart &start) const {
    for (const End &end : {from_, to_})
        if (!start.unix_ns && (end.kind == Kind::time_of_day || end.kind == Kind::date))
            return Error{Errc::usage, "the recording does not say at what time of day it began",
                         "give --slice seconds since its beginning, or @ and a time of its own "
                         "clock"};
    End to = to_;
    if (from_.kind == Kind::time_of_day && to.kind == Kind::time_of_day && to.ns < from_.ns)
        to.ns += day_ns;
    const TimeRange range{place(from_, start, 0), place(to, start, UINT64_MAX)};
    if (range.to_ns < range.from_ns)
        return Error{Errc::usage, "--slice " + text_ + " ends before it begins", ""};
    return range;
}

}  // namespace whydrop
