// SPDX-License-Identifier: GPL-2.0-or-later
// JSON lines of our own, read again: what -o FILE and -f json wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "codec/document_json.h"
#include "codec/json.h"
#include "source/recording/line_reader.h"

namespace whydrop {

// A line of a run on packets, or a section of a document with all its rows.
using RecordedItem = std::variant<JsonLine, Section>;

class Recording {
  public:
    // "-" is stdin. Errors: failed, when nothing can be read; usage for a file whose first line is
    // none of ours, which says what it is instead.
    static Result<Recording> open(const std::string &path);

    // Lines that cannot be read are passed over, and counted. Nothing: the end.
    std::optional<RecordedItem> next();

    // What could not be read, and whether the end is missing. To be asked for at the end.
    [[nodiscard]] Losses losses() const;
    [[nodiscard]] const LineReader &lines() const { return lines_; }

  private:
    Recording(std::string name, LineReader lines)
        : name_(std::move(name)), lines_(std::move(lines)) {}
    Status read(std::string_view line, std::optional<RecordedItem> &item);
    void note_bad(const std::string &why);

    std::string name_;
    LineReader lines_;
    SectionReader sections_;
    std::optional<RecordedItem> waiting_;  // came before what is in it was asked for
    uint64_t bad_lines_ = 0;
    std::string first_bad_;
    bool ended_ = false;  // the line of losses has come: all is there
    bool cut_last_line_ = false;
};

// What a file is by its first bytes, when it is nothing of ours: "a pcap capture"; empty: no idea.
std::string foreign_kind(std::string_view first_bytes);

}  // namespace whydrop
