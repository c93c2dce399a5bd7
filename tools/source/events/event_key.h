// SPDX-License-Identifier: GPL-2.0-or-later
// A key of a histogram, made ready to be read out of one event's records: as a word by which it is
// counted, and that word as it is shown.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "model/event_format.h"
#include "model/histogram.h"
#include "model/trace_event.h"
#include "source/events/event_names.h"
#include "source/events/kernel_stack.h"
#include "source/events/text_pool.h"
#include "sys/result.h"

namespace whydrop {

class EventKey {
  public:
    // Errors: usage, for what hist_trigger() lets pass and only the kernel at the event can read.
    static Result<EventKey> make(const HistKey &key, const EventFormat &format,
                                 std::endian order = std::endian::native);

    enum class Outcome { read, absent, no_room };
    struct Word {
        Outcome outcome = Outcome::absent;
        uint64_t value = 0;
    };
    // `full`: no new text or stack is kept.
    Word word(const TraceEventView &event, bool full, EventNames &names);

    // For a new entry: the name of its process is that of now.
    void keep_names(uint64_t word, EventNames &names);
    // Addresses that value() will ask the names of.
    void expect(uint64_t word, std::vector<uint64_t> &addresses) const;
    [[nodiscard]] HistKeyValue value(uint64_t word, EventNames &names) const;
    // As the kernel sorts by this key.
    [[nodiscard]] bool less(uint64_t a, uint64_t b) const;

    [[nodiscard]] const HistKey &key() const { return key_; }
    [[nodiscard]] bool wants_stacks() const { return from_ == From::stack; }

  private:
    enum class From { field, text, field_stack, cpu, time, stack };
    EventKey() = default;
    [[nodiscard]] std::optional<uint64_t> number(const TraceEventView &event) const;
    [[nodiscard]] uint64_t modified(uint64_t number) const;
    Word text_word(std::span<const std::byte> record, bool full);
    Word stack_word(std::span<const uint64_t> stack, bool full);
    [[nodiscard]] HistKeyValue stack_value(uint64_t word, EventNames &names) const;

    HistKey key_;
    From from_ = From::field;
    FieldReader field_;
    std::endian order_ = std::endian::native;
    bool is_signed_ = false;
    size_t longest_ = 0;  // text, in bytes
    TextPool texts_;
    HistStacks stacks_;
    std::unordered_map<uint64_t, std::string> processes_;
};

// "log2 as the kernel has it": 6 for 33 to 64 (ilog2(roundup_pow_of_two(number))), and 0 for what
// has no power above it in 64 bits, as its shift wraps.
uint64_t hist_log2(uint64_t number);
// 6 as it is shown: of 33 to 64.
HistKeyValue hist_power(uint64_t power);

}  // namespace whydrop
