// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace whydrop {
namespace {

constexpr size_t kFlushAt = size_t{64} * 1024;

}  // namespace

bool use_colour(ColourChoice choice, int fd) {
    if (choice != ColourChoice::automatic)
        return choice == ColourChoice::always;
    const char *no_color = std::getenv("NO_COLOR");
    if (no_color && *no_color)
        return false;
    const char *term = std::getenv("TERM");
    return ::isatty(fd) && term && std::string_view(term) != "dumb";
}

Status Output::write(std::string_view text) {
    if (failed_)
        return error_;
    buffer_ += text;
    return buffer_.size() < kFlushAt ? success() : flush();
}

Status Output::flush() {
    if (failed_)
        return error_;
    size_t done = 0;
    while (done < buffer_.size()) {
        ssize_t n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(n < 0 ? errno : EIO);
        done += static_cast<size_t>(n);
    }
    buffer_.clear();
    return success();
}

Status Output::fail(int err) {
    buffer_.clear();
    failed_ = true;
    closed_ = err == EPIPE;
    std::string hint;
    if (err == ENOSPC || err == EDQUOT)
        hint = "make room where the output goes; what was counted until now is lost with it";
    error_ = closed_ ? Error{Errc::failed, "the reader of the output has gone", ""}
                     : errno_error("cannot write the output", err, hint);
    return error_;
}

}  // namespace whydrop
