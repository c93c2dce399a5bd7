// SPDX-License-Identifier: GPL-2.0-or-later
// A file or stdin, line by line, in bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

class LineReader {
  public:
    static constexpr size_t max_line = size_t{16} * 1024 * 1024;

    // "-" is stdin. Errors: failed, with the reason; a directory is none of what can be read.
    static Result<LineReader> open(const std::string &path);
    explicit LineReader(Fd fd, uint64_t size = 0) : fd_(std::move(fd)), size_(size) {}

    // Without its newline; valid until the next call. Nothing: the end, or an error (problem()).
    // A line that is too long is cut, and cut() is true of it.
    std::optional<std::string_view> next();
    [[nodiscard]] bool cut() const { return cut_; }
    // The last line had no newline: the file ends in the middle of it, or its writer is careless.
    [[nodiscard]] bool unfinished() const { return unfinished_; }
    // The first bytes of what is not read yet; fewer only at the end.
    std::string_view peek(size_t bytes);

    [[nodiscard]] uint64_t line() const { return line_; }  // number of the last, from 1
    [[nodiscard]] uint64_t bytes() const { return read_ - (buffer_.size() - at_); }
    [[nodiscard]] uint64_t size() const { return size_; }  // of a file; 0: not known
    [[nodiscard]] const std::string &problem() const { return problem_; }

  private:
    bool fill();
    void skip_to_newline();

    Fd fd_;
    uint64_t size_ = 0, read_ = 0, line_ = 0;
    std::string buffer_;
    size_t at_ = 0;  // of the next line in the buffer
    bool end_ = false, cut_ = false, unfinished_ = false;
    std::string problem_;
};

}  // namespace whydrop
