// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/save/out_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace whydrop::kdump {

namespace {

// Memory holds everybody's secrets.
constexpr mode_t owner_only = 0600;

Error exists(const std::string &path) {
    return {Errc::usage, path + " is there already", "--force overwrites it"};
}

Status check_free(const std::string &path, bool force) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0)
        return success();
    if (S_ISDIR(found.st_mode))
        return Error{Errc::usage, path + " is a directory",
                     "name a file in it: " + path + "/vmcore"};
    if (!S_ISREG(found.st_mode))
        return Error{Errc::usage, path + " is no regular file",
                     "a dump is written here and there: save it to a file"};
    return force ? success() : Status(exists(path));
}

std::string folder_of(const std::string &path) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// The new name is on the disk when its directory is. Not every filesystem can.
void sync_folder(const std::string &path) {
    const Fd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder)
        (void)::fsync(folder.get());
}

}  // namespace

Result<std::unique_ptr<OutFile>> OutFile::create(const std::string &path, bool force) {
    const std::string partial = path + ".partial";
    if (auto checked = check_free(path, force); !checked)
        return checked.error();
    if (auto checked = check_free(partial, force); !checked)
        return Error{checked.error().code, checked.error().what + ", of a save that did not end",
                     checked.error().hint};
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
    Fd fd(::open(partial.c_str(), flags, owner_only));
    if (!fd)
        return Error{Errc::usage, "cannot write " + partial + ": " + std::strerror(errno), ""};
    return std::unique_ptr<OutFile>(new OutFile(std::move(fd), path, partial, force));
}

Error OutFile::error(const std::string &what, int err) const {
    return {Errc::failed, "cannot " + what + " " + partial_ + ": " + std::strerror(err), ""};
}

Status OutFile::write(uint64_t offset, std::span<const uint8_t> bytes) {
    const uint64_t end = offset + bytes.size();
    while (!bytes.empty()) {
        const auto done =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return error("write", done < 0 ? errno : ENOSPC);
        offset += static_cast<uint64_t>(done);
        bytes = bytes.subspan(static_cast<size_t>(done));
    }
    begin_writeback(end);
    return success();
}

// The disk works while the next pages are packed, and has little left to do at the end.
void OutFile::begin_writeback(uint64_t end) {
    constexpr uint64_t step = 8 << 20;
    if (end < sent_ + step)
        return;
    (void)::sync_file_range(fd_.get(), static_cast<off_t>(sent_), static_cast<off_t>(end - sent_),
                            SYNC_FILE_RANGE_WRITE);
    sent_ = end;
}

Status OutFile::reserve(uint64_t bytes) {
    if (::fallocate(fd_.get(), 0, 0, static_cast<off_t>(bytes)) == 0)
        return success();
    if (errno != EOPNOTSUPP && errno != ENOSYS)
        return error("write", errno);
    const std::vector<uint8_t> zeros(1 << 16);
    for (uint64_t at = 0; at < bytes; at += zeros.size())
        if (auto done = write(at, std::span(zeros).first(std::min(zeros.size(), bytes - at)));
            !done)
            return done;
    return success();
}

Status OutFile::resize(uint64_t bytes) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(bytes)) != 0)
        return error("write", errno);
    return success();
}

Status OutFile::commit() {
    if (::fsync(fd_.get()) != 0)
        return error("write", errno);
    unsigned flags = force_ ? 0 : RENAME_NOREPLACE;
    int done = ::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), flags);
    if (done != 0 && (errno == EINVAL || errno == ENOSYS))  // of filesystems that do not know it
        done = ::rename(partial_.c_str(), path_.c_str());
    if (done != 0)
        return errno == EEXIST ? Status(exists(path_)) : error("rename", errno);
    sync_folder(path_);
    return success();
}

Status OutFile::keep_partial() {
    if (::fsync(fd_.get()) != 0)
        return error("write", errno);
    sync_folder(path_);
    return success();
}

void OutFile::discard() {
    (void)::unlink(partial_.c_str());
}

uint64_t OutFile::disk_bytes() const {
    constexpr uint64_t unit = 512;
    struct stat found {};
    if (::fstat(fd_.get(), &found) != 0)
        return 0;
    return std::min<uint64_t>(static_cast<uint64_t>(found.st_blocks) * unit,
                              static_cast<uint64_t>(found.st_size));
}

bool is_same_file(const std::string &one, const std::string &other) {
    struct stat a {
    }, b{};
    return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

}  // namespace whydrop::kdump
