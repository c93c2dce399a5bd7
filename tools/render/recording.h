// SPDX-License-Identifier: GPL-2.0-or-later
// -o FILE: a run as JSON lines, to be read again. Names are resolved, so that it reads the same on
// another machine.
#pragma once

#include <optional>
#include <string>

#include "render/json_lines.h"
#include "render/record_file.h"

namespace whydrop {

// The file is made at begin(). Lines as JsonLinesSink, each drop with its cause.
class RecordingSink : public Sink {
  public:
    explicit RecordingSink(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] Wants wants() const override { return {.records = true, .causes = true}; }
    Status begin(const Session &session) override;
    Status record(const DropRecord &drop) override { return lines_->record(drop); }
    Status flush() override { return lines_->flush(); }
    Status interval(const Report &so_far) override { return lines_->interval(so_far); }
    [[nodiscard]] Losses losses() const override;
    Status end(const Report &report, const Losses &losses) override {
        return lines_->end(report, losses);
    }
    [[nodiscard]] bool closed() const override { return file_ && file_->closed(); }

  private:
    std::string path_;
    std::optional<RecordFile> file_;
    std::optional<JsonLinesSink> lines_;
};

// What a file could not take; nothing when it took all.
Losses lost_in(const RecordFile &file, const std::string &kind, const std::string &unit);

}  // namespace whydrop
