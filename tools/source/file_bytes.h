// SPDX-License-Identifier: GPL-2.0-or-later
// The bytes of a file of the kernel's, read only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "sys/result.h"

namespace whydrop {

// Pages of our own (given back to the system at once on release, unlike heap), or the kernel's
// where sysfs lets BTF be mapped (6.16, kernel commit a539e2a6d51d): then nothing is copied and
// nothing counts as our memory.
class FileBytes {
  public:
    // Errc::unsupported: no such file; Errc::failed: anything else.
    static Result<FileBytes> read(const std::string &path);

    FileBytes(FileBytes &&other) noexcept
        : data_(std::exchange(other.data_, nullptr)),
          mapped_(std::exchange(other.mapped_, 0)),
          size_(std::exchange(other.size_, 0)) {}
    FileBytes &operator=(FileBytes &&other) noexcept {
        std::swap(data_, other.data_);
        std::swap(mapped_, other.mapped_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~FileBytes();

    [[nodiscard]] std::span<const uint8_t> bytes() const {
        return {static_cast<const uint8_t *>(data_), size_};
    }

  private:
    FileBytes() = default;
    bool map(int fd, size_t bytes, int flags, bool writable);

    void *data_ = nullptr;
    size_t mapped_ = 0, size_ = 0;
};

}  // namespace whydrop
