// SPDX-License-Identifier: GPL-2.0-or-later
// The sinks of a run, as one.
#pragma once

#include <functional>
#include <vector>

#include "render/sink.h"

namespace whydrop {

class SinkSet {
  public:
    explicit SinkSet(std::vector<Sink *> sinks);

    // What any of them wants.
    [[nodiscard]] const Wants &wants() const { return wants_; }
    // A reader has left: the run is to end.
    [[nodiscard]] bool closed() const { return closed_; }

    // To all whose reader is still there; `asked_for`: only to those that want it. Ends at the
    // first error; a reader that leaves is none.
    Status each(const std::function<Status(Sink &)> &call, bool Wants::*asked_for = nullptr);
    // What they could not keep.
    [[nodiscard]] Losses losses() const;

  private:
    std::vector<Sink *> sinks_;
    Wants wants_{.records = false};
    bool closed_ = false;
};

}  // namespace whydrop
