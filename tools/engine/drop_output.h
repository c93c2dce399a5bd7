// SPDX-License-Identifier: GPL-2.0-or-later
// stdout as a sink for drops, in the format that was asked for.
#pragma once

#include <memory>
#include <string>

#include "render/output.h"
#include "render/sink.h"
#include "render/text.h"

namespace whydrop {

class DropOutput {
  public:
    // "text" or "json". Text redraws in place on a terminal when `live`.
    DropOutput(const std::string &format, TextOptions text, ColourChoice colour, bool live);

    [[nodiscard]] Sink &sink() { return *sink_; }

  private:
    Output output_;
    std::unique_ptr<Sink> sink_;
};

}  // namespace whydrop
