// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/recording/slice.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace whydrop {
namespace {

constexpr uint64_t s = 1'000'000'000;
// 2026-11-21 23:59:50 UTC, 1000 s after the clock of the records began.
constexpr uint64_t began_unix = 1'795'305'590;
const RecordedStart start{1000 * s, began_unix *s};

struct Row {
    const char *sentence, *text;
    uint64_t from_ns, to_ns;
};
const Row rows[] = {
    {"seconds since the beginning", "1.5,2", 1001 * s + s / 2, 1002 * s},
    {"nanoseconds", "0.000000001,1", 1000 * s + 1, 1001 * s},
    {"from somewhere on", "3,", 1003 * s, UINT64_MAX},
    {"up to somewhere", ",3", 0, 1003 * s},
    {"all of it", ",", 0, UINT64_MAX},
    {"the clock of the records", "@1004.25,@1005", 1004 * s + s / 4, 1005 * s},
    {"both kinds", "@1004,5", 1004 * s, 1005 * s},
    {"local time", "23:59:51.5,23:59:53", 1001 * s + s / 2, 1003 * s},
    {"before the beginning", "23:50,23:59:51", 410 * s, 1001 * s},
    {"an end on the next day", "23:59:55,00:00:05", 1005 * s, 1015 * s},
    {"with dates", "2026-11-21T23:59:51,2026-11-22 00:00:01.5", 1001 * s, 1011 * s + s / 2},
};

class SliceTest : public testing::Test {
  protected:
    void SetUp() override {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
    }
};

TEST_F(SliceTest, IsAPartOfTheTime) {
    for (const Row &row : rows) {
        const auto slice = Slice::parse(row.text);
        ASSERT_TRUE(slice.ok()) << row.sentence;
        const auto range = slice->resolve(start);
        ASSERT_TRUE(range.ok()) << row.sentence;
        EXPECT_EQ(range->from_ns, row.from_ns) << row.sentence;
        EXPECT_EQ(range->to_ns, row.to_ns) << row.sentence;
    }
}

TEST_F(SliceTest, RefusesWhatIsNone) {
    for (const char *text : {"", "1", "1,2,3", "-1,2", "1e3,", "a,b", "25:00,", "12:61,",
                             "1:2:3:4,", "@,", ".,", "2026-11-21,", "99999999999999999999,"})
        EXPECT_FALSE(Slice::parse(text).ok()) << text;
    EXPECT_FALSE(Slice::parse("3,2")->resolve(start).ok()) << "ends before it begins";
    EXPECT_FALSE(Slice::parse("23:00,")->resolve({0, {}}).ok()) << "no time of day is known";
    EXPECT_TRUE(Slice::parse("1,2")->resolve({0, {}}).ok());
}

}  // namespace
}  // namespace whydrop
