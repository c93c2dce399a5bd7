// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/record_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace whydrop {

namespace {

constexpr size_t flush_at = size_t{256} * 1024;

}  // namespace

Result<RecordFile> RecordFile::create(const std::string &path) {
    const bool to_stdout = path == "-";
    Fd fd(to_stdout
              ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
              : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
    if (!fd)
        return errno_error("cannot write to " + (to_stdout ? std::string("stdout") : path), errno);
    return RecordFile(to_stdout ? "stdout" : path, std::move(fd));
}

Status RecordFile::write(std::string_view record) {
    if (!fd_) {
        lost_++;
        return success();
    }
    buffer_ += record;
    ends_.push_back(buffer_.size());
    return buffer_.size() < flush_at ? success() : flush();
}

Status RecordFile::flush() {
    size_t done = 0;
    while (fd_ && done < buffer_.size()) {
        const ssize_t n = ::write(fd_.get(), buffer_.data() + done, buffer_.size() - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(n < 0 ? errno : EIO, done);
        done += static_cast<size_t>(n);
    }
    written_ += done;
    buffer_.clear();
    ends_.clear();
    return success();
}

void RecordFile::give_up(const std::string &why) {
    (void)flush();
    fd_.reset();
    if (problem_.empty())
        problem_ = why;
}

Status RecordFile::works() const {
    if (problem_.empty())
        return success();
    return Error{Errc::failed, "cannot write to " + path_ + ": " + problem_, ""};
}

// `done` bytes of the buffer are in the file: it ends behind the last whole record of them.
Status RecordFile::fail(int err, size_t done) {
    const auto first_lost = std::upper_bound(ends_.begin(), ends_.end(), done);
    written_ += first_lost == ends_.begin() ? 0 : *(first_lost - 1);
    lost_ += static_cast<uint64_t>(ends_.end() - first_lost);
    problem_ = std::strerror(err);
    closed_ = err == EPIPE;
    // Of no effect on a pipe, and not asked of a file that is somebody else's.
    if (path_ != "stdout" && ::ftruncate(fd_.get(), static_cast<off_t>(written_)) != 0)
        problem_ += ", and the last record is cut";
    fd_.reset();
    buffer_.clear();
    ends_.clear();
    return closed_ ? Status(Error{Errc::failed, "the reader of the output has gone", ""})
                   : success();
}

}  // namespace whydrop
