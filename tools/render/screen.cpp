// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/screen.h"

#include <sys/ioctl.h>

#include "render/drop_text.h"
#include "render/words.h"

namespace whydrop {

namespace {

// Cursor home; the rest of the line; everything below.
constexpr const char *kHome = "\x1b[H", *kClearLine = "\x1b[K", *kClearBelow = "\x1b[J";

}  // namespace

Window window_of(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        return {};
    return {size.ws_row, size.ws_col};
}

Status Screen::draw(Output &output, const std::vector<Line> &lines, bool colour) {
    const Window window = window_of(output.fd());
    std::string text;
    if (!drawn_)  // what is on the screen moves up into the scroll-back
        text = std::string(window.rows, '\n');
    drawn_ = true;
    text += kHome;
    TextStyle style;
    style.colour = colour;
    for (size_t i = 0; i < lines.size() && i + 1 < window.rows; ++i) {
        const std::string line = cut(lines[i].text, window.columns);
        text += (lines[i].bold ? coloured(line, "1", style) : line) + kClearLine + "\n";
    }
    Status written = output.write(text + kClearBelow);
    return written ? output.flush() : written;
}

std::string Screen::cleared() const {
    return drawn_ ? std::string(kHome) + kClearBelow : "";
}

}  // namespace whydrop
