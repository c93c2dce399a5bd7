// SPDX-License-Identifier: GPL-2.0-or-later
// For programs: JSON lines (codec/json.h).
#pragma once

#include "render/output.h"
#include "render/sink.h"

namespace whydrop {

// begin: session. record: drop. interval: drop_group lines and a drop_total, "final":false. end:
// the same with "final":true, then losses. Folded groups are there, with "folded":true.
class JsonLinesSink : public Sink {
  public:
    // quiet: no record() lines.
    explicit JsonLinesSink(Writer &output, bool quiet = false) : output_(output), quiet_(quiet) {}

    [[nodiscard]] Wants wants() const override { return {.records = !quiet_}; }
    Status begin(const Session &session) override;
    Status record(const DropRecord &drop) override;
    Status flush() override { return output_.flush(); }
    Status interval(const Report &so_far) override;
    Status end(const Report &report, const Losses &losses) override;
    bool closed() const override { return output_.closed(); }

  private:
    Status write_report(const Report &report, bool final);

    Writer &output_;
    bool quiet_;
};

}  // namespace whydrop
