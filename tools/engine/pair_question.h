// SPDX-License-Identifier: GPL-2.0-or-later
// The time between two events: --from EVENT --to EVENT --on FIELD.
#pragma once

#include "engine/hist_question.h"

namespace whydrop {

// Errors: usage, with what there is.
Result<HistQuestion> pair_question(const TraceFs &fs, const HistWords &words);

}  // namespace whydrop
