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

struct DocumentOutputOptions {
    DocumentStyle style;
    bool quiet = false;         // no interval
    std::string recording;      // -o; "-": stdout, text then goes to stderr; empty: none
    size_t top = 0;             // rows that people see; 0: some on the way, more at the end
    bool stdout_taken = false;  // by another output: text goes to stderr, and only the end
};

class DocumentOutput {
  public:
    // Errors: usage, for options that contradict each other.
    static Status check(const DocumentOutputOptions &options);
    explicit DocumentOutput(DocumentOutputOptions options);

    // Makes the recording. The session's notes are shown at the end. Errors: failed.
    Status begin(const Session &session);
    // All there is to say at this moment. On a terminal drawn in place.
    Status interval(std::vector<Section> so_far);
    // Rows that are shown and kept as they come.
    Status more(const Section &section);
    Status end(Document report);
    // A reader has left: the run is to end, and quietly.
    [[nodiscard]] bool closed() const;

  private:
    void limit(std::vector<Section> &sections, size_t rows) const;
    Status redraw(std::vector<Section> so_far);
    [[nodiscard]] Status unless_closed(const Status &status) const;

    DocumentOutputOptions options_;
    Output output_;
    DocumentWriter shown_;
    Screen screen_;
    std::optional<RecordFile> file_;
    std::optional<DocumentWriter> recorded_;
};

}  // namespace whydrop
