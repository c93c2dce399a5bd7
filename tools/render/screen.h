// SPDX-License-Identifier: GPL-2.0-or-later
// Lines that are redrawn in place on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "render/output.h"

namespace whydrop {

struct Window {
    size_t rows = 24, columns = 80;
};

// Asked at every redraw: no handler for SIGWINCH is needed.
Window window_of(int fd);

class Screen {
  public:
    struct Line {
        std::string text;
        bool bold = false;
    };

    // Never more lines or columns than the window has: nothing scrolls and nothing wraps.
    Status draw(Output &output, const std::vector<Line> &lines, bool colour);
    // What takes it away again; empty when nothing was drawn.
    [[nodiscard]] std::string cleared() const;

  private:
    bool drawn_ = false;
};

}  // namespace whydrop
