// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/progress.h"

#include <gtest/gtest.h>

namespace whydrop {
namespace {

TEST(Progress, SaysHowFarAndHowLong) {
    const struct {
        Progress progress;
        const char *text;
    } rows[] = {
        {{0, 2'000'000'000, 0}, "[....................]   0 %  0.0 of 2.0 GB"},
        {{500'000'000, 2'000'000'000, 1},
         "[#####...............]  25 %  0.5 of 2.0 GB  500.0 MB/s  0:03 left"},
        {{1'000'000'000, 1'000'000'000'000, 10},
         "[....................]   0 %  1.0 of 1000.0 GB  100.0 MB/s  2:46:30 left"},
        {{2'000'000'000, 2'000'000'000, 4},
         "[####################] 100 %  2.0 of 2.0 GB  500.0 MB/s  0:00 left"},
        {{0, 0, 1}, "[####################] 100 %  0.0 of 0.0 GB"},
    };
    for (const auto &row : rows)
        EXPECT_EQ(progress_text(row.progress), row.text);
}

}  // namespace
}  // namespace whydrop
