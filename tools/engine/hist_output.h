// SPDX-License-Identifier: GPL-2.0-or-later
// Where a histogram is shown and kept: stdout in the format that was asked for, a recording.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/hist_section.h"
#include "model/session.h"
#include "render/document.h"
#include "render/record_file.h"
#include "render/screen.h"

namespace whydrop {

struct HistOutputOptions {
    DocumentStyle style;
    bool quiet = false;     // no interval
    std::string recording;  // -o; "-": stdout, text then goes to stderr; empty: none
};

class HistOutput {
  public:
    // Errors: usage, for options that contradict each other.
    static Status check(const HistOutputOptions &options);
    explicit HistOutput(HistOutputOptions options);

    // Makes the recording. Errors: failed.
    Status begin(const Session &session);
    // On a terminal drawn in place.
    Status interval(const HistReport &so_far);
    Status end(const HistReport &report, Losses losses);
    // A reader has left: the run is to end, and quietly.
    [[nodiscard]] bool closed() const;

  private:
    Status show(const HistReport &so_far);
    Status redraw(const HistReport &so_far);
    Status unless_closed(Status status) const;

    HistOutputOptions options_;
    Output output_;
    DocumentWriter shown_;
    Screen screen_;
    std::optional<RecordFile> file_;
    std::optional<DocumentWriter> recorded_;
    std::vector<std::string> notes_;
};

}  // namespace whydrop
