// SPDX-License-Identifier: GPL-2.0-or-later
// The steps of an observation whose report is a document, in their order.
#pragma once

#include <optional>

#include "engine/run_time.h"
#include "sys/result.h"

namespace whydrop {

class Observation {
  public:
    virtual ~Observation() = default;
    // To the end: of the command, of the duration, or by a signal. Gives the command's status, as a
    // shell has it; 0 without one.
    Result<int> run(const RunTimeOptions &options);

  protected:
    virtual Status prepare() = 0;  // counts from its end on
    virtual Status begin() = 0;    // says what is observed
    virtual Status loop() = 0;     // until wait() says stop
    virtual Status finish() = 0;   // and the last report

    std::optional<RunTime> time_;  // from prepare() on
};

}  // namespace whydrop
