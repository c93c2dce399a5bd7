// SPDX-License-Identifier: GPL-2.0-or-later
// Owners of things the kernel or a C library gives us. Move-only; released exactly once.
#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

namespace whydrop {

// Owns a file descriptor; -1 when empty.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd &operator=(Fd &&other) noexcept {
        if (this != &other)
            reset(std::exchange(other.fd_, -1));
        return *this;
    }
    Fd(const Fd &) = delete;
    Fd &operator=(const Fd &) = delete;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset(int fd = -1) {
        if (fd_ >= 0)
            ::close(fd_);
        fd_ = fd;
    }

  private:
    int fd_ = -1;
};

// Owns a C library's object: `using LinkHandle = Handle<bpf_link, &bpf_link__destroy>;`
template <auto Release>
struct Releaser {
    template <typename T>
    void operator()(T *object) const {
        Release(object);
    }
};
template <typename T, auto Release>
using Handle = std::unique_ptr<T, Releaser<Release>>;

}  // namespace whydrop
