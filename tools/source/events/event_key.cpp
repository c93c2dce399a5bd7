// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/events/event_key.h"

#include <cstring>

#include "source/events/syscall_names.h"
#include "source/tracefs/hist_key.h"

namespace whydrop {

namespace {

constexpr uint64_t kBits = 64;

// What the kernel keeps of a text: of a dynamic one MAX_FILTER_STR_VAL, of an array its size
// rounded up to whole words, in each the last byte for the zero (create_key_field, add_to_key).
size_t longest_text(const EventField &field) {
    constexpr size_t of_dynamic = 256, word = sizeof(uint64_t);
    return (field.is_dynamic ? of_dynamic : (field.size + word - 1) / word * word) - 1;
}

}  // namespace

HistKeyValue hist_power(uint64_t power) {
    HistKeyValue value;
    value.number = power == 0 ? 0 : (uint64_t{1} << (power - 1)) + 1;
    value.last = uint64_t{1} << power;
    return value;
}

uint64_t hist_log2(uint64_t number) {
    if (number <= 1 || number > uint64_t{1} << (kBits - 1))
        return 0;
    return static_cast<uint64_t>(std::bit_width(number - 1));
}

Result<EventKey> EventKey::make(const HistKey &key, const EventFormat &format, std::endian order) {
    EventKey made;
    made.key_ = key;
    const EventField *field = format.field(key.name);
    if (!field) {
        made.from_ = is_stack_key(key)                ? From::stack
                     : key.name == "common_timestamp" ? From::time
                                                      : From::cpu;
        return made;
    }
    made.field_ = FieldReader(*field, order);
    made.order_ = order;
    made.is_signed_ = field->is_signed;
    if (key.modifier == HistModifier::stacktrace) {
        made.from_ = From::field_stack;
    } else if (field->kind == EventField::Kind::text) {
        if (field->type.ends_with("*"))
            return Error{Errc::usage,
                         key.name + " is a pointer to text, which is not in the recorded event",
                         {}};
        made.from_ = From::text;
        made.longest_ = longest_text(*field);
    }
    return made;
}

std::optional<uint64_t> EventKey::number(const TraceEventView &event) const {
    if (from_ == From::cpu)
        return static_cast<uint64_t>(event.cpu);
    if (from_ == From::time)
        return event.time_ns;
    return field_.number(event.record);
}

uint64_t EventKey::modified(uint64_t number) const {
    switch (key_.modifier) {
        case HistModifier::log2:
            return hist_log2(number);
        case HistModifier::buckets:
            return number / key_.bucket * key_.bucket;
        case HistModifier::usecs:
            return (number + 500) / 1000;  // ns2usecs
        default:
            return number;
    }
}

EventKey::Word EventKey::word(const TraceEventView &event, bool full, EventNames &names) {
    switch (from_) {
        case From::text:
            return text_word(event.record, full);
        case From::stack:
            return stack_word(stacks_.trimmed(event.stack, names), full);
        case From::field_stack: {
            const auto bytes = field_.bytes(event.record);
            if (!bytes)
                return {};
            std::vector<uint64_t> stack(bytes->size() / sizeof(uint64_t));
            if (!stack.empty())
                std::memcpy(stack.data(), bytes->data(), stack.size() * sizeof(uint64_t));
            if (order_ != std::endian::native)
                for (uint64_t &address : stack)
                    address = __builtin_bswap64(address);
            return stack_word(stack, full);
        }
        default: {
            const auto found = number(event);
            return found ? Word{Outcome::read, modified(*found)} : Word{};
        }
    }
}

EventKey::Word EventKey::text_word(std::span<const std::byte> record, bool full) {
    const auto text = field_.text(record);
    if (!text)
        return {};
    const auto number = texts_.number(text->substr(0, longest_), !full);
    return number ? Word{Outcome::read, *number} : Word{Outcome::no_room, 0};
}

EventKey::Word EventKey::stack_word(std::span<const uint64_t> stack, bool full) {
    std::string_view bytes;
    if (!stack.empty())
        bytes = {reinterpret_cast<const char *>(stack.data()), stack.size_bytes()};
    const auto number = texts_.number(bytes, !full);
    return number ? Word{Outcome::read, *number} : Word{Outcome::no_room, 0};
}

void EventKey::keep_names(uint64_t word, EventNames &names) {
    if (key_.modifier == HistModifier::execname && !processes_.contains(word))
        processes_[word] = names.process(static_cast<int32_t>(word));
}

void EventKey::expect(uint64_t word, std::vector<uint64_t> &addresses) const {
    if (from_ == From::stack || from_ == From::field_stack) {
        const std::string &bytes = texts_.text(word);
        const size_t before = addresses.size();
        addresses.resize(before + bytes.size() / sizeof(uint64_t));
        if (!bytes.empty())
            std::memcpy(addresses.data() + before, bytes.data(), bytes.size());
    } else if (key_.modifier == HistModifier::sym || key_.modifier == HistModifier::sym_offset) {
        addresses.push_back(word);
    }
}

HistKeyValue EventKey::stack_value(uint64_t word, EventNames &names) const {
    std::vector<uint64_t> addresses;
    expect(word, addresses);
    HistKeyValue value;
    for (const uint64_t address : addresses)
        value.stack.push_back(symbol_text(names.function(address), address, true));
    return value;
}

HistKeyValue EventKey::value(uint64_t word, EventNames &names) const {
    if (from_ == From::text)
        return {0, 0, texts_.text(word), {}};
    if (from_ == From::stack || from_ == From::field_stack)
        return stack_value(word, names);
    switch (key_.modifier) {
        case HistModifier::log2:
            return hist_power(word);
        case HistModifier::buckets:
            return {word, word + key_.bucket - 1, {}, {}};
        case HistModifier::sym:
        case HistModifier::sym_offset:
            return {
                word,
                0,
                symbol_text(names.function(word), word, key_.modifier == HistModifier::sym_offset),
                {}};
        case HistModifier::execname: {
            const auto found = processes_.find(word);
            return {word, 0, found == processes_.end() ? std::string() : found->second, {}};
        }
        case HistModifier::syscall:
            return {word, 0, syscall_name(word), {}};
        default:
            return {word, 0, {}, {}};
    }
}

bool EventKey::less(uint64_t a, uint64_t b) const {
    if (from_ == From::text || from_ == From::stack || from_ == From::field_stack)
        return texts_.text(a) < texts_.text(b);
    return is_signed_ ? static_cast<int64_t>(a) < static_cast<int64_t>(b) : a < b;
}

}  // namespace whydrop
