// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/observation.h"

namespace whydrop {

Result<int> Observation::run(const RunTimeOptions &options) {
    auto time = RunTime::prepare(options);
    if (!time)
        return time.error();
    time_.emplace(std::move(*time));
    if (auto prepared = prepare(); !prepared)
        return prepared.error();
    time_->begin();
    if (auto begun = begin(); !begun)
        return begun.error();
    if (auto subject = time_->start_subject(); !subject)
        return subject.error();
    if (auto looped = loop(); !looped)
        return looped.error();
    if (auto finished = finish(); !finished)
        return finished.error();
    return time_->command_status().value_or(0);
}

}  // namespace whydrop
