// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes at offsets: a file as it lies there, or what a flattened one (makedumpfile -F) unfolds to.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "sys/result.h"

namespace whydrop::kdump {

class Source {
  public:
    virtual ~Source() = default;
    [[nodiscard]] virtual uint64_t size_bytes() const = 0;
    // All of them or an error: failed, with the offset ("the file ends at byte 1234").
    virtual Status read(uint64_t offset, std::span<uint8_t> to) = 0;
    // The same without a copy, where the bytes lie in one piece in memory; else empty.
    [[nodiscard]] virtual std::span<const uint8_t> view(uint64_t offset, uint64_t bytes) const = 0;
    [[nodiscard]] virtual bool flattened() const { return false; }
    // Bytes on the disk: a flattened file's own. Headers may claim any size; what is not hole comes
    // from these.
    [[nodiscard]] virtual uint64_t file_bytes() const { return size_bytes(); }
    // A flattened file that stops before its end mark.
    [[nodiscard]] virtual bool cut() const { return false; }
};

// Errors: usage for what is no file with bytes in it (missing, a directory, a pipe, empty, not
// readable: each said as such); failed where the system refuses otherwise.
Result<std::unique_ptr<Source>> open_source(const std::string &path);

// How the kernel is asked for bytes of a file; tests have one that refuses.
class FileCalls {
  public:
    virtual ~FileCalls() = default;
    // As pread(2): their number, 0 at the end of the file; or an errno below zero.
    virtual ssize_t read(uint64_t offset, std::span<uint8_t> to) = 0;
    // The same of a mapping, as many as its page has; 0: it cannot be mapped.
    virtual size_t copy_mapped(uint64_t offset, std::span<uint8_t> to) = 0;
};

// Reads; what cannot be read is mapped; what cannot be mapped either is an error.
std::unique_ptr<Source> read_by_calls(std::unique_ptr<FileCalls> calls, uint64_t size_bytes);

}  // namespace whydrop::kdump
