// SPDX-License-Identifier: GPL-2.0-or-later
// Where a report of sections is shown and kept: stdout in the format that was asked for, on a
// terminal in place, a recording.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/document.h"
#include "model/session.h"
#include "render/document.h"
#include "render/record_file.h"
#include "render/screen.h"

namespace whydrop {

// What there is to say at one moment.
class DocumentReport {
  public:
    virtual ~DocumentReport() = default;
    // For programs: all of it.
    [[nodiscard]] virtual std::vector<Section> whole() const = 0;
    // For people: sections with a title, none with more rows than this.
    [[nodiscard]] virtual std::vector<Section> cut(size_t rows) const = 0;
    // For people at the end, who have seen no more rows than this.
    [[nodiscard]] virtual std::vector<std::string> notes(size_t rows) const = 0;
};

struct DocumentOutputOptions {
    DocumentStyle style;
    bool quiet = false;     // no interval
    std::string recording;  // -o; "-": stdout, text then goes to stderr; empty: none
    size_t top = 0;         // rows that people see; 0: some on the way, more at the end
};

class DocumentOutput {
  public:
    // Errors: usage, for options that contradict each other.
    static Status check(const DocumentOutputOptions &options);
    explicit DocumentOutput(DocumentOutputOptions options);

    // Makes the recording. The session's notes are shown at the end. Errors: failed.
    Status begin(const Session &session);
    // On a terminal drawn in place.
    Status interval(const DocumentReport &so_far);
    Status end(const DocumentReport &report, Losses losses);
    // A reader has left: the run is to end, and quietly.
    [[nodiscard]] bool closed() const;

  private:
    [[nodiscard]] size_t rows(size_t otherwise) const;
    Status show(const DocumentReport &so_far);
    Status redraw(const DocumentReport &so_far);
    Status show_last(const DocumentReport &report);
    Status unless_closed(Status status) const;

    DocumentOutputOptions options_;
    Output output_;
    DocumentWriter shown_;
    Screen screen_;
    std::optional<RecordFile> file_;
    std::optional<DocumentWriter> recorded_;
    std::vector<std::string> notes_;
};

}  // namespace whydrop
