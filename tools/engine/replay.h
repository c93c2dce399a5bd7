// SPDX-License-Identifier: GPL-2.0-or-later
// A recording of our own, shown as the run that wrote it.
#pragma once

#include <functional>

#include "engine/replay_drops.h"
#include "render/document.h"

namespace whydrop {

// How far the reading has come; of_bytes 0: not known.
using ReadingProgress = std::function<void(uint64_t bytes, uint64_t of_bytes)>;

// Drops go to the sinks, sections of a document to `document`. Errors: usage, for what cannot be
// asked of what is in the file.
Status replay_recording(Recording &recording, const ReplayOptions &options,
                        const std::vector<Sink *> &sinks, DocumentWriter &document,
                        const ReadingProgress &progress);

}  // namespace whydrop
