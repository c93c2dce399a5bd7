// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace whydrop {

namespace {

constexpr double megabyte = 1e6, gigabyte = 1e9;
constexpr int bar_columns = 20;
constexpr double redraw_s = 0.2;

std::string left_text(double seconds) {
    const auto whole = static_cast<uint64_t>(seconds + 0.5);
    if (whole >= 3600)
        return fmt::format("{}:{:02}:{:02} left", whole / 3600, whole / 60 % 60, whole % 60);
    return fmt::format("{}:{:02} left", whole / 60, whole % 60);
}

}  // namespace

std::string progress_text(const Progress &progress) {
    const double part = progress.of_bytes ? static_cast<double>(progress.bytes) /
                                                static_cast<double>(progress.of_bytes)
                                          : 1;
    const int full = static_cast<int>(part * bar_columns);
    std::string text = fmt::format(
        "[{:.<{}}] {:3} %  {:.1f} of {:.1f} GB", std::string(static_cast<size_t>(full), '#'),
        bar_columns, static_cast<int>(part * 100), static_cast<double>(progress.bytes) / gigabyte,
        static_cast<double>(progress.of_bytes) / gigabyte);
    if (progress.seconds <= 0 || progress.bytes == 0)
        return text;
    const double rate = static_cast<double>(progress.bytes) / progress.seconds;
    return text + fmt::format("  {:.1f} MB/s  ", rate / megabyte) +
           left_text(static_cast<double>(progress.of_bytes - progress.bytes) / rate);
}

void ProgressLine::draw(const Progress &progress) {
    if (progress.seconds < next_s_ && progress.bytes < progress.of_bytes)
        return;
    next_s_ = progress.seconds + redraw_s;
    std::string text = progress_text(progress);
    const size_t columns = text.size();
    text.resize(std::max(columns, width_), ' ');  // over what was longer
    width_ = columns;
    text.insert(text.begin(), '\r');
    (void)!::write(fd_, text.data(), text.size());
}

ProgressLine::~ProgressLine() {
    if (width_)
        (void)!::write(fd_, "\n", 1);
}

}  // namespace whydrop
