// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/file_bytes.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

#include "sys/handle.h"

namespace whydrop {

namespace {

// An ordinary file may shrink under a mapping, which kills the reader: map only what the kernel
// keeps.
bool is_sysfs(int fd) {
    struct statfs fs = {};
    return fstatfs(fd, &fs) == 0 && fs.f_type == SYSFS_MAGIC;
}

}  // namespace

FileBytes::~FileBytes() {
    if (data_ != nullptr)
        munmap(data_, mapped_);
}

bool FileBytes::map(int fd, size_t bytes, int flags, bool writable) {
    void *at = mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, flags, fd, 0);
    if (at == MAP_FAILED)
        return false;
    data_ = at;
    mapped_ = bytes;
    return true;
}

Result<FileBytes> FileBytes::read(const std::string &path) {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        Error error = errno_error("cannot open " + path, errno);
        if (errno == ENOENT)
            error.code = Errc::unsupported;
        return error;
    }
    struct stat info = {};
    if (fstat(fd.get(), &info) != 0)
        return errno_error("cannot read " + path, errno);
    FileBytes file;
    const size_t bytes = info.st_size > 0 ? static_cast<size_t>(info.st_size) : 0;
    if (bytes == 0)
        return file;
    if (is_sysfs(fd.get()) && file.map(fd.get(), bytes, MAP_PRIVATE, false)) {
        file.size_ = bytes;
        return file;
    }
    if (!file.map(-1, bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, true))
        return errno_error("no memory for " + path, errno);
    while (file.size_ < bytes) {
        const ssize_t got =
            ::read(fd.get(), static_cast<uint8_t *>(file.data_) + file.size_, bytes - file.size_);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno_error("cannot read " + path, errno);
        if (got == 0)
            break;
        file.size_ += static_cast<size_t>(got);
    }
    return file;
}

}  // namespace whydrop
