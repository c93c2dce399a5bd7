// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/drop_output.h"

#include <unistd.h>

#include "render/json_lines.h"

namespace whydrop {

DropOutput::DropOutput(const std::string &format, TextOptions text, ColourChoice colour, bool live)
    : output_(STDOUT_FILENO) {
    if (format == "json") {
        sink_ = std::make_unique<JsonLinesSink>(output_);
        return;
    }
    text.style.colour = use_colour(colour, STDOUT_FILENO);
    text.live = live && isatty(STDOUT_FILENO) == 1;
    sink_ = std::make_unique<TextSink>(output_, text);
}

}  // namespace whydrop
