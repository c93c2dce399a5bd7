// SPDX-License-Identifier: GPL-2.0-or-later
// tracefs: where it is, its files, its events. Everything is below a root path, so that a test's
// tree will do.
#pragma once

#include <string>
#include <vector>

#include "sys/handle.h"
#include "sys/result.h"

namespace whydrop {

// The top directory, or that of an instance, which has the same files.
class TraceDir {
  public:
    explicit TraceDir(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] const std::string &path() const { return path_; }
    // Errors: unsupported when this kernel has no such file, or this user may not.
    [[nodiscard]] Result<std::string> read(const std::string &file) const;
    // One write at the end of the file. Opening a trigger file with O_TRUNC would remove every
    // trigger that is in it (event_trigger_regex_open). Errors: usage for a text that the kernel
    // does not take (EINVAL); else as read().
    [[nodiscard]] Status append(const std::string &file, const std::string &text) const;
    [[nodiscard]] bool has(const std::string &file) const;

  private:
    std::string path_;
};

struct TraceEvent {
    std::string system, name;

    [[nodiscard]] std::string text() const { return system + ":" + name; }
    // "events/skb/kfree_skb/format" for "format".
    [[nodiscard]] std::string file(const std::string &which) const {
        return "events/" + system + "/" + name + "/" + which;
    }
    bool operator==(const TraceEvent &) const = default;
};

class TraceFs {
  public:
    // Where it is mounted, else a mount of our own that has no place among the files and is gone
    // with this object. Errors: unsupported.
    static Result<TraceFs> find();
    // The first of these directories that is one; for tests.
    static Result<TraceFs> find(const std::vector<std::string> &places);

    [[nodiscard]] const TraceDir &top() const { return top_; }
    [[nodiscard]] Result<std::vector<TraceEvent>> events() const;
    // skb:kfree_skb, skb/kfree_skb, or kfree_skb where no other system has one of that name.
    // Errors: usage, with the names that are near.
    [[nodiscard]] Result<TraceEvent> event(const std::string &wanted) const;

  private:
    TraceFs(TraceDir top, Fd mount) : top_(std::move(top)), mount_(std::move(mount)) {}
    TraceDir top_;
    Fd mount_;
};

// An entry of error_log: what the kernel found wrong with a command written to it.
struct TraceError {
    std::string what;     // "Couldn't find field"
    std::string command;  // as the kernel repeats it; long ones are cut
    size_t position = 0;  // of the caret, in the command
};

// The newest comes last.
std::vector<TraceError> parse_error_log(const std::string &text);

}  // namespace whydrop
