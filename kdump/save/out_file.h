// SPDX-License-Identifier: GPL-2.0-or-later
// The file that is written: OUT.partial until it is complete.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop::kdump {

// Where bytes go to; tests have one that is full.
class Target {
  public:
    virtual ~Target() = default;
    // All of them or an error: failed, with the system's words ("No space left on device").
    virtual Status write(uint64_t offset, std::span<const uint8_t> bytes) = 0;
    // Keeps space for [0, bytes), so that no later write there fails for want of it.
    virtual Status reserve(uint64_t bytes) = 0;
    // Cuts or extends; what was never written is zeros and takes no space.
    virtual Status resize(uint64_t bytes) = 0;
};

class OutFile : public Target {
  public:
    // Errors: usage where OUT is a directory, is there already, or its .partial is (`force`: both
    // are overwritten), or where it cannot be made.
    static Result<std::unique_ptr<OutFile>> create(const std::string &path, bool force);

    Status write(uint64_t offset, std::span<const uint8_t> bytes) override;
    Status reserve(uint64_t bytes) override;
    Status resize(uint64_t bytes) override;

    // On the disk, under its name. Errors: failed; usage, OUT has appeared meanwhile.
    Status commit();
    // On the disk as far as it goes, under the name it has.
    Status keep_partial();
    // Nothing of it is worth to be kept.
    void discard();

    [[nodiscard]] const std::string &partial_path() const { return partial_; }
    [[nodiscard]] uint64_t disk_bytes() const;  // less than its size where it is sparse

  private:
    OutFile(Fd fd, std::string path, std::string partial, bool force)
        : fd_(std::move(fd)), path_(std::move(path)), partial_(std::move(partial)), force_(force) {}
    [[nodiscard]] Error error(const std::string &what, int err) const;
    void begin_writeback(uint64_t end);

    Fd fd_;
    std::string path_, partial_;
    bool force_;
    uint64_t sent_ = 0;  // bytes below are on their way to the disk
};

// Do both names lead to one file?
bool is_same_file(const std::string &one, const std::string &other);

}  // namespace whydrop::kdump
