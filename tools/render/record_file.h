// SPDX-License-Identifier: GPL-2.0-or-later
// A file of whole records: captures and recordings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "render/output.h"
#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

// A disk that is full does not end the run: the file is cut behind its last whole record and
// closed, and what comes later is counted as lost.
class RecordFile final : public Writer {
  public:
    // Makes the file, or empties it. "-" is stdout. Errors: failed, with the reason.
    static Result<RecordFile> create(const std::string &path);
    RecordFile(RecordFile &&) noexcept = default;
    RecordFile &operator=(RecordFile &&) = delete;
    ~RecordFile() override { (void)flush(); }

    // Fail only where the reader of a pipe has left.
    Status write(std::string_view record) override;
    Status flush() override;
    [[nodiscard]] bool closed() const override { return closed_; }

    // Nothing more can be written, for a reason of the caller's.
    void give_up(const std::string &why);
    // The error of a file that could not take even what was written until now.
    [[nodiscard]] Status works() const;

    [[nodiscard]] const std::string &path() const { return path_; }
    [[nodiscard]] uint64_t bytes() const { return written_ + buffer_.size(); }
    [[nodiscard]] uint64_t lost() const { return lost_; }                  // records
    [[nodiscard]] const std::string &problem() const { return problem_; }  // empty: none

  private:
    RecordFile(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    Status fail(int err, size_t done);

    std::string path_;
    Fd fd_;
    std::string buffer_;
    std::vector<size_t> ends_;  // of the records in the buffer
    uint64_t written_ = 0, lost_ = 0;
    std::string problem_;
    bool closed_ = false;
};

}  // namespace whydrop
