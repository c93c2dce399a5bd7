// SPDX-License-Identifier: GPL-2.0-or-later
// The one way out for text: a buffered file descriptor that notices a reader who has left.
#pragma once

#include <string>
#include <string_view>

#include "sys/result.h"

namespace whydrop {

enum class ColourChoice { automatic, always, never };

// Whether to colour what goes to fd: automatic means a terminal, no NO_COLOR, and not TERM=dumb.
bool use_colour(ColourChoice choice, int fd);

// Where text and blocks go to.
class Writer {
  public:
    virtual ~Writer() = default;
    // One record: a line, a block. Buffers.
    virtual Status write(std::string_view record) = 0;
    virtual Status flush() = 0;
    // The reader has left.
    [[nodiscard]] virtual bool closed() const = 0;
};

// Writes to a descriptor it does not own. An error is kept: every later call returns it and writes
// nothing. A reader that went away (EPIPE; SIGPIPE has to be ignored) is an error too, for which
// closed() is true: the caller ends quietly, with exit code 0, instead of printing it.
class Output final : public Writer {
  public:
    explicit Output(int fd) : fd_(fd) {}
    Output(const Output &) = delete;
    Output &operator=(const Output &) = delete;
    ~Output() override { (void)flush(); }

    // Buffers; writes when much has gathered. Errors: failed ("cannot write the output: No space
    // left on device").
    Status write(std::string_view text) override;
    Status flush() override;

    [[nodiscard]] bool closed() const override { return closed_; }
    [[nodiscard]] int fd() const { return fd_; }

  private:
    Status fail(int err);

    int fd_;
    std::string buffer_;
    bool closed_ = false;
    bool failed_ = false;
    Error error_;
};

}  // namespace whydrop
