// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/recording/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace whydrop {

namespace {

constexpr size_t piece = size_t{256} * 1024;

}  // namespace

Result<LineReader> LineReader::open(const std::string &path) {
    const bool is_stdin = path == "-";
    Fd fd(is_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                   : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    const std::string name = is_stdin ? "stdin" : path;
    if (!fd)
        return errno_error("cannot open " + name, errno);
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0)
        return errno_error("cannot look at " + name, errno);
    if (S_ISDIR(st.st_mode))
        return errno_error("cannot read " + name, EISDIR, "name a file in it");
    return LineReader(std::move(fd),
                      S_ISREG(st.st_mode) ? static_cast<uint64_t>(st.st_size) : uint64_t{0});
}

// False: nothing more comes.
bool LineReader::fill() {
    if (end_)
        return false;
    buffer_.erase(0, at_);
    at_ = 0;
    const size_t had = buffer_.size();
    // No more room than what is left of a small file takes.
    const uint64_t left = size_ > read_ ? size_ - read_ + 1 : 1;
    const size_t room = size_ ? std::clamp<uint64_t>(left, 4096, piece) : piece;
    buffer_.resize(had + room);
    ssize_t n = 0;
    do
        n = ::read(fd_.get(), buffer_.data() + had, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        problem_ = std::strerror(errno);
    end_ = n <= 0;
    buffer_.resize(had + (n > 0 ? static_cast<size_t>(n) : 0));
    read_ += n > 0 ? static_cast<uint64_t>(n) : 0;
    return !end_;
}

std::string_view LineReader::peek(size_t bytes) {
    while (buffer_.size() - at_ < bytes && fill()) {
    }
    return std::string_view(buffer_).substr(at_, bytes);
}

void LineReader::skip_to_newline() {
    for (;;) {
        const size_t newline = buffer_.find('\n', at_);
        at_ = newline == std::string::npos ? buffer_.size() : newline + 1;
        if (newline != std::string::npos || !fill())
            return;
    }
}

std::optional<std::string_view> LineReader::next() {
    if (cut_)
        skip_to_newline();
    cut_ = false;
    size_t looked = 0;
    for (;;) {
        const size_t newline = buffer_.find('\n', at_ + looked);
        if (newline != std::string::npos) {
            const std::string_view line(buffer_.data() + at_, newline - at_);
            at_ = newline + 1;
            line_++;
            return line;
        }
        looked = buffer_.size() - at_;
        if (looked >= max_line || !fill())
            break;
    }
    if (at_ == buffer_.size())
        return {};
    line_++;
    cut_ = looked >= max_line;
    unfinished_ = !cut_;
    const std::string_view line(buffer_.data() + at_, buffer_.size() - at_);
    at_ = buffer_.size();
    return line;
}

}  // namespace whydrop
