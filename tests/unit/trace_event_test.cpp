// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/trace_event.h"

#include <gtest/gtest.h>

#include "event_records.h"

namespace whydrop {
namespace {

FieldReader reader(const std::string &name) {
    return FieldReader(*sample_event().field(name));
}

SampleRecord sample() {
    SampleRecord record;
    record.pid = -7;
    record.skbaddr = 0xffff88800a0b0c0d;
    record.len = 0xfffffff1;
    record.delta = -13;
    record.dev = "veth0";
    record.reason = 0xfffe;
    record.comm = "sixsix";  // with no zero behind it
    record.queue = "rx-1";
    return record;
}

struct NumberRow {
    const char *why, *field;
    uint64_t value;
};

const NumberRow kNumbers[] = {
    {"an address", "skbaddr", 0xffff88800a0b0c0d},
    {"without a sign", "len", 0xfffffff1},
    {"with one", "delta", static_cast<uint64_t>(-13)},
    {"of every event", "common_pid", static_cast<uint64_t>(-7)},
    {"short", "reason", 0xfffe},
};

TEST(TraceEvent, Numbers) {
    const auto bytes = sample().bytes();
    for (const NumberRow &row : kNumbers) {
        SCOPED_TRACE(row.why);
        const EventField &field = *sample_event().field(row.field);
        EXPECT_EQ(reader(row.field).number(bytes), row.value);
        const auto cut = std::span(bytes).first(field.offset + field.size - 1);
        EXPECT_EQ(reader(row.field).number(cut), std::nullopt);
        EXPECT_EQ(reader(row.field).number({}), std::nullopt);
    }
    EXPECT_EQ(reader("saddr").number(bytes), std::nullopt);
}

struct TextRow {
    const char *why, *field, *value;
};

const TextRow kTexts[] = {
    {"where its word says", "dev", "veth0"},
    {"counted from behind its word", "queue", "rx-1"},
    {"an array that it fills", "comm", "sixsix"},
};

TEST(TraceEvent, Texts) {
    const auto bytes = sample().bytes();
    for (const TextRow &row : kTexts) {
        SCOPED_TRACE(row.why);
        EXPECT_EQ(reader(row.field).text(bytes), row.value);
        EXPECT_EQ(reader(row.field).text(std::span(bytes).first(35)), std::nullopt);
    }
    EXPECT_EQ(reader("dev").text(std::span(bytes).first(75)), std::nullopt)
        << "the word is there, and what it points at is not";
}

TEST(TraceEvent, Bytes) {
    auto record = sample();
    record.stack = {1, 2, 3};
    const auto bytes = record.bytes();
    EXPECT_EQ(reader("stack").bytes(bytes)->size(), 24U);
    EXPECT_EQ(reader("saddr").bytes(bytes)->size(), 16U);
    EXPECT_EQ(reader("stack").bytes(std::span(bytes).first(bytes.size() - 1)), std::nullopt);
}

TEST(TraceEvent, AWordTooShortToSayWhere) {
    EventField field = *sample_event().field("dev");
    field.size = 2;
    const auto bytes = sample().bytes();
    const std::vector<std::byte> ends_there(bytes.begin(), bytes.begin() + field.offset + 2);
    EXPECT_FALSE(FieldReader(field).bytes(ends_there));
    EXPECT_FALSE(FieldReader(field).bytes(bytes));
}

TEST(TraceEvent, OfAMachineOfTheOtherByteOrder) {
    constexpr auto other =
        std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
    const auto bytes = sample().bytes();
    const auto turned = [&](const char *name) {
        return FieldReader(*sample_event().field(name), other).number(bytes);
    };
    EXPECT_EQ(turned("skbaddr"), 0x0d0c0b0a8088ffff);
    EXPECT_EQ(turned("len"), 0xf1ffffffU);
    EXPECT_EQ(turned("reason"), 0xfeffU);
    EXPECT_EQ(turned("delta"), 0xfffffffff3ffffff);
}

}  // namespace
}  // namespace whydrop
