// SPDX-License-Identifier: GPL-2.0-or-later
// --slice START,END: a part of a recording, by time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sys/result.h"

namespace whydrop {

// In the clock of the records, both ends in it.
struct TimeRange {
    uint64_t from_ns = 0, to_ns = UINT64_MAX;
    [[nodiscard]] bool contains(uint64_t ns) const { return ns >= from_ns && ns <= to_ns; }
};

// When a recording began, in the clock of its records and by the wall clock.
struct RecordedStart {
    uint64_t ns = 0;
    std::optional<uint64_t> unix_ns;  // absent: not known
};

class Slice {
  public:
    // Each end is empty (open) or one of: seconds since the beginning ("1.5"); a time of the
    // records' own clock as trace-cmd prints it ("@4711.25"); local time ("14:03:07.25", of the day
    // on which it began, an END before START of the next; "2026-11-21T14:03:07"). Errors: usage.
    static Result<Slice> parse(const std::string &text);

    // Errors: usage, for local time where the recording does not say when it began.
    [[nodiscard]] Result<TimeRange> resolve(const RecordedStart &start) const;

  private:
    enum class Kind { open, since_start, own_clock, time_of_day, date };
    struct End {
        Kind kind = Kind::open;
        uint64_t ns = 0;
    };
    static std::optional<End> parse_end(const std::string &text);
    [[nodiscard]] static uint64_t place(const End &end, const RecordedStart &start, uint64_t open);

    std::string text_;
    End from_, to_;
};

}  // namespace whydrop
