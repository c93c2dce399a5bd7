// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/tracedat/input.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace whydrop::tracedat {

Result<Input> Input::open(const std::string &path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return errno_error("cannot open " + path, errno);
    if (!S_ISREG(st.st_mode))
        return Error{Errc::usage, path + " is no file: a trace.dat is read at many places",
                     "write it to a file first"};
    return Input(std::move(fd), static_cast<uint64_t>(st.st_size));
}

bool Input::read(uint64_t at, std::span<uint8_t> bytes) const {
    if (at > size_ || size_ - at < bytes.size())
        return false;
    for (size_t done = 0; done < bytes.size();) {
        const ssize_t n = ::pread(fd_.get(), bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += static_cast<size_t>(n);
    }
    return true;
}

std::optional<std::string> Input::read(uint64_t at, uint64_t bytes) const {
    if (at > size_ || size_ - at < bytes)
        return {};
    std::string text(bytes, '\0');
    if (!read(at, std::span(reinterpret_cast<uint8_t *>(text.data()), text.size())))
        return {};
    return text;
}

std::optional<std::string_view> Cursor::take(uint64_t bytes) {
    if (bytes > bytes_.size() - at_)
        return {};
    const auto taken = bytes_.substr(at_, bytes);
    at_ += bytes;
    return taken;
}

std::optional<std::string> Cursor::text() {
    const size_t end = bytes_.find('\0', at_);
    if (end == std::string_view::npos)
        return {};
    std::string text(bytes_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
}

}  // namespace whydrop::tracedat
