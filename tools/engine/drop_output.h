// SPDX-License-Identifier: GPL-2.0-or-later
// Where a run on drops is shown and kept: stdout in the format that was asked for, a capture, a
// recording.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "render/output.h"
#include "render/pcapng_sink.h"
#include "render/sink.h"
#include "render/text.h"

namespace whydrop {

struct DropOutputOptions {
    std::string format = "text";  // or "json"
    TextOptions text;
    ColourChoice colour = ColourChoice::automatic;
    bool live = false;       // text redraws in place on a terminal
    CaptureOptions capture;  // --pcapng, -C, -W
    std::string recording;   // -o; empty: none

    // A capture or recording goes to stdout: text then goes to stderr, and only the summary.
    [[nodiscard]] bool stdout_taken() const { return capture.path == "-" || recording == "-"; }
};

class DropOutput {
  public:
    // Errors: usage, for options that contradict each other.
    static Status check(const DropOutputOptions &options);
    explicit DropOutput(const DropOutputOptions &options);

    [[nodiscard]] std::vector<Sink *> sinks() const;
    // The reader of stdout has left.
    [[nodiscard]] bool closed() const;

  private:
    Output output_;
    std::vector<std::unique_ptr<Sink>> sinks_;
};

}  // namespace whydrop
