// SPDX-License-Identifier: GPL-2.0-or-later
// How far something long has come, on one line of a terminal.
#pragma once

#include <cstdint>
#include <string>

namespace whydrop {

struct Progress {
    uint64_t bytes = 0, of_bytes = 0;
    double seconds = 0;  // since it began
};

// "[#####...............]  25 %  0.5 of 2.0 GB  512.0 MB/s  0:03 left"
std::string progress_text(const Progress &progress);

// Draws it over the last one, a few times a second.
class ProgressLine {
  public:
    explicit ProgressLine(int fd) : fd_(fd) {}
    ProgressLine(const ProgressLine &) = delete;
    ProgressLine &operator=(const ProgressLine &) = delete;
    ~ProgressLine();  // what comes next begins on a line of its own

    void draw(const Progress &progress);

  private:
    int fd_;
    double next_s_ = 0;
    size_t width_ = 0;
};

}  // namespace whydrop
