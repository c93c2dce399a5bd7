// SPDX-License-Identifier: GPL-2.0-or-later
// For people: tables, and the explanation of each cause at the end.
#pragma once

#include "render/drop_text.h"
#include "render/output.h"
#include "render/screen.h"
#include "render/sink.h"

namespace whydrop {

struct TextOptions {
    TextStyle style;
    bool quiet = false;  // -q: the summary lines only
    bool each = true;    // a line for each record; else they are in the table at the end
    bool live = false;   // intervals redraw in place: the output has to be a terminal
};

// begin: nothing, or with -v what is observed. record: a line. interval: a block, or a redrawn
// screen that always fits the window. end: the table, the explanations, notes, losses and total.
// Local time: TZ.
class TextSink : public Sink {
  public:
    TextSink(Output &output, const TextOptions &options) : output_(output), options_(options) {}

    [[nodiscard]] Wants wants() const override {
        return {.records = options_.each && !options_.quiet};
    }
    Status begin(const Session &session) override;
    Status record(const DropRecord &drop) override;
    Status flush() override { return output_.flush(); }
    Status interval(const Report &so_far) override;
    Status end(const Report &report, const Losses &losses) override;
    bool closed() const override { return output_.closed(); }

  private:
    [[nodiscard]] std::string table_text(const Report &report, size_t max_rows,
                                         uint64_t since_ns) const;
    Status redraw(const Report &report);
    [[nodiscard]] uint64_t since_midnight_ns(uint64_t time_ns) const;

    Output &output_;
    TextOptions options_;
    Session session_;
    Screen screen_;
    bool each_header_ = false;
};

}  // namespace whydrop
