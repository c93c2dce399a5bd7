// SPDX-License-Identifier: GPL-2.0-or-later
// What every test of tracefs begins with.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "sys/tracefs.h"

namespace whydrop::live {

class Tracing : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "tracing needs root";
        auto fs = TraceFs::find();
        ASSERT_TRUE(fs) << fs.error().what;
        fs_.emplace(std::move(*fs));
    }
    std::optional<TraceFs> fs_;
};

}  // namespace whydrop::live
