// SPDX-License-Identifier: GPL-2.0-or-later
// Files as they lie there. A regular one is mapped; what /proc shows has no pages to map until the
// kernel is asked for each, so that is read.
#include "kdump/format/source.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kdump/bytes.h"
#include "kdump/format/formats.h"
#include "sys/handle.h"

namespace whydrop::kdump {

namespace {

constexpr uint64_t kMapBytes = 4096;

// Owns a mapping of a file, from its start or from a page of it.
class Mapping {
  public:
    Mapping(int fd, uint64_t offset, uint64_t bytes)
        : bytes_(bytes),
          at_(::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, static_cast<off_t>(offset))) {}
    Mapping(Mapping &&other) noexcept
        : bytes_(other.bytes_), at_(std::exchange(other.at_, MAP_FAILED)) {}
    Mapping &operator=(Mapping &&) = delete;
    ~Mapping() {
        if (at_ != MAP_FAILED)
            ::munmap(at_, bytes_);
    }

    explicit operator bool() const { return at_ != MAP_FAILED; }
    [[nodiscard]] std::span<const uint8_t> bytes() const {
        return {static_cast<const uint8_t *>(at_), bytes_};
    }

  private:
    size_t bytes_;
    void *at_;
};

class MappedFile : public Source {
  public:
    explicit MappedFile(Mapping mapping) : mapping_(std::move(mapping)) {}

    [[nodiscard]] uint64_t size_bytes() const override { return mapping_.bytes().size(); }
    Status read(uint64_t offset, std::span<uint8_t> to) override {
        if (!within(offset, to.size(), size_bytes()))
            return file_ends(size_bytes());
        if (!to.empty())
            std::memcpy(to.data(), mapping_.bytes().data() + offset, to.size());
        return success();
    }
    [[nodiscard]] std::span<const uint8_t> view(uint64_t offset, uint64_t bytes) const override {
        if (!within(offset, bytes, size_bytes()))
            return {};
        return mapping_.bytes().subspan(offset, bytes);
    }

  private:
    Mapping mapping_;
};

class ReadFile : public Source {
  public:
    ReadFile(std::unique_ptr<FileCalls> calls, uint64_t bytes)
        : calls_(std::move(calls)), bytes_(bytes) {}

    [[nodiscard]] uint64_t size_bytes() const override { return bytes_; }
    Status read(uint64_t offset, std::span<uint8_t> to) override;
    [[nodiscard]] std::span<const uint8_t> view(uint64_t, uint64_t) const override { return {}; }

  private:
    std::unique_ptr<FileCalls> calls_;
    uint64_t bytes_;
};

// x86's copy_oldmem_page() cannot ioremap what the capture kernel itself owns, and /proc/vmcore's
// read() says ENOMEM; its mmap() goes another way and works.
Status ReadFile::read(uint64_t offset, std::span<uint8_t> to) {
    if (!within(offset, to.size(), bytes_))
        return file_ends(bytes_);
    while (!to.empty()) {
        const ssize_t said = calls_->read(offset, to);
        if (said == 0)
            return file_ends(offset);
        if (said == -EINTR)
            continue;
        const size_t got = said > 0 ? static_cast<size_t>(said) : calls_->copy_mapped(offset, to);
        if (got == 0)
            return Error{Errc::failed,
                         "byte " + std::to_string(offset) + " of the file cannot be read: " +
                             std::strerror(-static_cast<int>(said)),
                         ""};
        offset += got;
        to = to.subspan(got);
    }
    return success();
}

class RealFile : public FileCalls {
  public:
    RealFile(Fd fd, bool proc) : fd_(std::move(fd)), proc_(proc) {}

    ssize_t read(uint64_t offset, std::span<uint8_t> to) override {
        const auto got = ::pread(fd_.get(), to.data(), to.size(), static_cast<off_t>(offset));
        return got < 0 ? -errno : got;
    }
    size_t copy_mapped(uint64_t offset, std::span<uint8_t> to) override;

  private:
    Fd fd_;
    bool proc_;
};

// Not of what lies on a disk: a page that cannot be read from there cannot be touched either.
size_t RealFile::copy_mapped(uint64_t offset, std::span<uint8_t> to) {
    if (!proc_)
        return 0;
    const uint64_t in_page = offset % kMapBytes;
    const Mapping page(fd_.get(), offset - in_page, kMapBytes);
    if (!page)
        return 0;
    const size_t bytes = std::min<size_t>(to.size(), kMapBytes - in_page);
    std::memcpy(to.data(), page.bytes().data() + in_page, bytes);
    return bytes;
}

Error cannot_open(const std::string &path, int err) {
    Error error = errno_error("cannot open " + path, err);
    switch (err) {
        case EACCES:
        case EPERM:
            error.hint = "dumps are often for root alone: try it with sudo";
            [[fallthrough]];
        case ENOENT:
        case ENOTDIR:
        case ELOOP:
        case ENAMETOOLONG:
        case ENXIO:
            error.code = Errc::usage;
            break;
        default:
            error.code = Errc::failed;
    }
    return error;
}

// Asked before it is opened: opening a pipe waits, and opening a device may do anything.
Status check_kind(const std::string &path, mode_t mode) {
    const char *const copy = "a dump is read here and there: write it to a file first";
    switch (mode & S_IFMT) {
        case S_IFREG:
            return success();
        case S_IFDIR:
            return Error{Errc::usage, path + " is a directory",
                         "the dump is a file in it, often called vmcore"};
        case S_IFIFO:
            return Error{Errc::usage, path + " is a pipe", copy};
        case S_IFSOCK:
            return Error{Errc::usage, path + " is a socket", copy};
        default:
            return Error{Errc::usage, path + " is a device", copy};
    }
}

bool in_proc(int fd) {
    struct statfs found {};
    return ::fstatfs(fd, &found) == 0 && found.f_type == PROC_SUPER_MAGIC;
}

// Of a file that /proc does not say the size of. As much as there is memory to address, at most.
uint64_t size_by_reading(int fd) {
    constexpr uint64_t most = uint64_t{1} << 46;
    const auto reaches = [fd](uint64_t offset) {
        uint8_t byte;
        return ::pread(fd, &byte, 1, static_cast<off_t>(offset)) == 1;
    };
    uint64_t below = 0, step = 1;  // everything below `below` is there
    while (step < most && reaches(below + step - 1)) {
        below += step;
        step *= 2;
    }
    for (; step != 0; step /= 2)
        if (reaches(below + step - 1))
            below += step;
    return below;
}

}  // namespace

Error file_ends(uint64_t bytes) {
    return {Errc::failed, "the file ends at byte " + std::to_string(bytes), ""};
}

Result<std::unique_ptr<Source>> open_source(const std::string &path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0)
        return cannot_open(path, errno);
    if (auto kind = check_kind(path, found.st_mode); !kind)
        return kind.error();
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd || ::fstat(fd.get(), &found) != 0)
        return cannot_open(path, errno);
    if (auto kind = check_kind(path, found.st_mode); !kind)  // another one by now?
        return kind.error();
    const bool proc = in_proc(fd.get());
    auto bytes = static_cast<uint64_t>(found.st_size);
    if (bytes == 0 && proc)
        bytes = size_by_reading(fd.get());
    if (bytes == 0)
        return Error{Errc::usage, path + " is empty", ""};
    if (!proc)
        if (Mapping mapping(fd.get(), 0, bytes); mapping)
            return std::unique_ptr<Source>(std::make_unique<MappedFile>(std::move(mapping)));
    return read_by_calls(std::make_unique<RealFile>(std::move(fd), proc), bytes);
}

std::unique_ptr<Source> read_by_calls(std::unique_ptr<FileCalls> calls, uint64_t size_bytes) {
    return std::make_unique<ReadFile>(std::move(calls), size_bytes);
}

}  // namespace whydrop::kdump
